/* The list of alerts: filters, views, columns, many at once, and what was really sent. */
import type { Page } from "playwright-core";
import { settled, Site, Tocsin } from "./tocsin";

const server = new Tocsin();
const site = new Site();
let source: { id: string; key: string };
const MANY = 320;

beforeAll(async () => {
  await Promise.all([server.start(), site.open()]);
  source = await server.integration("Own scripts");
  for (let i = 0; i < MANY; i += 80)
    await Promise.all(Array.from({ length: 80 }, (_, k) => server.fire(source.key, { title: `Problem ${i + k}`, dedup_key: `k${i + k}`, priority: (i + k) % 2 ? "p3" : "p4", labels: { env: (i + k) % 4 ? "staging" : "production" } })));
  await server.fire(source.key, { title: "Disk of db-1 is full", dedup_key: "disk", priority: "p1", labels: { env: "production" } });
  for (let i = 0; i < 3; i++) await server.fire(source.key, { title: "Disk of db-1 is full", dedup_key: "disk", priority: "p1", labels: { env: "production" } });
});
afterAll(async () => {
  await site.browser?.close();
  await server.end();
});
afterEach(() => expect(site.complaints.splice(0), "what the browser complained of").toEqual([]));

const row = (page: Page, title: string) => page.getByRole("row").filter({ hasText: title });

test("an expression filters; a wrong one is told with its place, and typing it again mends it", async () => {
  const page = await site.page(server, { path: "/alerts" });
  await row(page, "Disk of db-1").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type('title.contains("disk" ');
  await page.keyboard.press("Enter");
  await page.locator("#alert-filter-error").waitFor();
  await page.getByLabel("Filter by an expression").fill('title.contains("Disk") && priority == "p1"');
  await page.keyboard.press("Enter");
  await row(page, "Disk of db-1").waitFor();
  await page.locator("#alert-filter-error").waitFor({ state: "detached" });
  expect(await page.getByRole("row").count()).toBe(2); // with the head
  expect(new URL(page.url()).searchParams.get("q")).toContain("Disk");
  await page.context().close();
});

test("a filter is kept as a view and found again in another browser", async () => {
  const page = await site.page(server, { path: "/alerts?priority=p1" });
  await row(page, "Disk of db-1").waitFor();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Save this filter" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Urgent only");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Urgent only" }).waitFor();
  await page.context().close();
  const other = await site.page(server, { path: "/alerts" });
  await other.getByRole("button", { name: "Views" }).click();
  await other.getByRole("menuitem", { name: "Urgent only" }).click();
  await other.waitForURL("**/alerts?priority=p1");
  await other.context().close();
});

test("columns are chosen and kept", async () => {
  const page = await site.page(server, { path: "/alerts" });
  await row(page, "Disk of db-1").waitFor();
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "env" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Source" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("columnheader", { name: "env" }).waitFor();
  await page.reload();
  await row(page, "Disk of db-1").getByRole("cell", { name: "production" }).waitFor();
  expect(await page.getByRole("columnheader", { name: "Source" }).count()).toBe(0);
  await page.context().close();
});

test("many are acknowledged at once, the list goes on below, and what changes elsewhere changes in its row alone", async () => {
  const page = await site.page(server, { path: "/alerts?priority=p3" });
  await row(page, "Problem").first().waitFor();
  await page.getByRole("checkbox", { name: "Select all that are loaded" }).check();
  const toolbar = page.getByRole("toolbar", { name: "Of the selected alerts" });
  await toolbar.getByText("100 selected").waitFor();
  let writes = 0;
  page.on("request", (request) => (writes += request.method() === "POST" && request.url().includes("/alerts") ? 1 : 0));
  await toolbar.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByText("Acknowledged: 100 alerts").waitFor();
  const { total } = await server.api<{ total: number }>("GET", "alerts?status=acknowledged&limit=1&total=true");
  expect(total).toBe(100);
  expect(writes, "one request for all").toBe(1);
  // Far below: three pages are loaded by scrolling.
  const box = page.getByTestId("alert-rows");
  await page.waitForFunction(() => {
    const rows = document.querySelector('[data-testid="alert-rows"]')!;
    rows.scrollTop = rows.scrollHeight;
    return document.querySelector('[role="table"]')!.getAttribute("aria-rowcount") === "161";
  });
  await box.getByText("Problem 1", { exact: true }).waitFor();
  // What the hundred acknowledgements still ask for has come: then nothing but the changed one may be asked for.
  let lists = 0;
  let lastAt = Date.now();
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.pathname !== "/api/v1/alerts") return;
    lastAt = Date.now();
    lists += asked.searchParams.get("filter")?.startsWith("id in ") ? 0 : 1;
  });
  while (Date.now() - lastAt < 2500) await page.waitForTimeout(100);
  lists = 0;
  const { items } = await server.api<{ items: { id: string }[] }>("GET", `alerts?dedup_key=k1`);
  await server.api("POST", `alerts/${items[0]!.id}/acknowledge`, {});
  await page.getByRole("row").filter({ has: page.getByText("Problem 1", { exact: true }) }).filter({ hasText: "Acknowledged" }).waitFor();
  expect(lists, "the whole list was asked for again").toBe(0);
  await page.context().close();
});

test("the alert tells when it was reported and what was sent", async () => {
  const page = await site.page(server, { path: "/alerts?priority=p1" });
  await page.getByRole("button", { name: "Disk of db-1" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("img", { name: /4 reports from/ }).waitFor();
  await sheet.getByRole("tab", { name: "What was sent" }).click();
  await sheet.getByText('"dedup_key": "disk"').waitFor();
  await settled(page);
  await page.context().close();
});

test("more than are done at once become a job, which is followed to its end", async () => {
  const bulk = await server.api<{ key: string }>("POST", "integrations", { name: "Storm", template: "alertmanager" });
  const many = Array.from({ length: 520 }, (_, i) => ({ status: "firing", labels: { alertname: `Storm ${i}`, severity: "info", env: "bulk" }, annotations: {}, startsAt: new Date().toISOString(), fingerprint: `storm-${i}` }));
  await server.fire(bulk.key, { version: "4", status: "firing", alerts: many });
  const page = await site.page(server, { path: `/alerts?q=${encodeURIComponent('labels.env == "bulk"')}` });
  await page.waitForFunction(() => {
    const rows = document.querySelector('[data-testid="alert-rows"]');
    if (rows) rows.scrollTop = rows.scrollHeight;
    return document.querySelector('[role="table"]')?.getAttribute("aria-rowcount") === "521";
  });
  await page.getByRole("checkbox", { name: "Select all that are loaded" }).check();
  await page.getByRole("toolbar", { name: "Of the selected alerts" }).getByRole("button", { name: "Resolve" }).click();
  await page.getByText("520 alerts resolved").waitFor();
  const { total } = await server.api<{ total: number }>("GET", `alerts?status=resolved&limit=1&total=true&filter=${encodeURIComponent('labels.env == "bulk"')}`);
  expect(total).toBe(520);
  await page.context().close();
});
