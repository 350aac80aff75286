/* The incident's page: its timeline, and two people at one field. */
import { readFileSync } from "node:fs";
import { settled, Site, Tocsin } from "./tocsin";

const server = new Tocsin();
const site = new Site();
let incident: { id: string; number: string };

beforeAll(async () => {
  await Promise.all([server.start(), site.open()]);
  incident = await server.api("POST", "incidents", { title: "Checkout fails", severity: 1 });
  await server.api("POST", `incidents/${incident.id}/acknowledge`, {});
  await server.api("POST", `incidents/${incident.id}/status-updates`, { text: "The cashe is cold" });
});
afterAll(async () => {
  await site.browser?.close();
  await server.end();
});
afterEach(() => expect(site.complaints.splice(0), "what the browser complained of").toEqual([]));

test("an entry is marked, put right with a reason, and tells what stood there before", async () => {
  const page = await site.page(server, { path: `/incidents/${incident.number}` });
  const entry = page.getByRole("list", { name: "Timeline" }).getByRole("listitem").filter({ hasText: "The cashe is cold" });
  await entry.hover();
  await entry.getByRole("button", { name: "What to do with this entry" }).click();
  await page.getByRole("menuitem", { name: "Put right…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Text").fill("The cache is cold");
  await dialog.getByLabel("Why").fill("spelling");
  await dialog.getByRole("button", { name: "Put right" }).click();
  const fixed = page.getByRole("list", { name: "Timeline" }).getByRole("listitem").filter({ hasText: "The cache is cold" });
  await fixed.getByText("edited").waitFor();
  await fixed.hover();
  await fixed.getByRole("button", { name: "What to do with this entry" }).click();
  await page.getByRole("menuitem", { name: "What stood there before" }).click();
  await page.getByRole("dialog").getByText("The cashe is cold").waitFor();
  await page.getByRole("dialog").getByText("“spelling”").waitFor();
  await page.keyboard.press("Escape");
  await page.context().close();
});

test("key events alone are shown, and the whole is exported", async () => {
  const page = await site.page(server, { path: `/incidents/${incident.number}` });
  const list = page.getByRole("list", { name: "Timeline" });
  const entry = list.getByRole("listitem").filter({ hasText: "The cache is cold" });
  // What people say of how it stands is a key event by itself; the mark is taken away and set again.
  const choose = async (what: string) => {
    await entry.hover();
    await entry.getByRole("button", { name: "What to do with this entry" }).click();
    await page.getByRole("menuitem", { name: what }).click();
  };
  await entry.getByLabel("Key event").waitFor();
  await choose("No key event");
  await entry.getByLabel("Key event").waitFor({ state: "detached" });
  await choose("Mark as key event");
  await entry.getByLabel("Key event").waitFor();
  await page.getByRole("group", { name: "Which entries" }).getByRole("button", { name: "Key events" }).click();
  await list.getByText("The cache is cold").waitFor();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page
      .getByRole("button", { name: "Export the timeline" })
      .click()
      .then(() => page.getByRole("menuitem", { name: "CSV" }).click()),
  ]);
  expect(file.suggestedFilename()).toBe("INC-1-timeline.csv");
  const text = readFileSync((await file.path())!, "utf8");
  expect(text).toContain("The cache is cold");
  expect(text.split("\r\n")[0]).toBe("at,kind,actor,key_event,what,text,id");
  await page.context().close();
});

test("what came since the last visit lies behind a line", async () => {
  const page = await site.page(server, { path: `/incidents/${incident.number}` });
  await page.getByRole("list", { name: "Timeline" }).getByText("The cache is cold").waitFor();
  await page.goto(server.url);
  await settled(page);
  await server.api("POST", `incidents/${incident.id}/status-updates`, { text: "Warm again" });
  await page.goto(`${server.url}/incidents/${incident.number}`);
  await page.getByText("Above is new since your last visit").waitFor();
  await page.context().close();
});
