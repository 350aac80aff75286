/* What keeps quiet: silences, from an alert and by hand; everything that is held, seen and changing by itself. */
import type { Page } from "playwright-core";
import { settled, Site, Tocsin } from "./tocsin";

const server = new Tocsin();
const site = new Site();
let source: { id: string; key: string };

beforeAll(async () => {
  await Promise.all([server.start(), site.open()]);
  source = await server.integration("Own scripts");
  await server.fire(source.key, { title: "Disk of db-1 is full", dedup_key: "disk", priority: "p1", labels: { env: "production", host: "db-1" } });
  await server.fire(source.key, { title: "Disk of db-2 is full", dedup_key: "disk2", priority: "p2", labels: { env: "production", host: "db-2" } });
  await server.fire(source.key, { title: "Load of a test", dedup_key: "test", priority: "p4", labels: { env: "staging" } });
});
afterAll(async () => {
  await site.browser?.close();
  await server.end();
});
afterEach(() => expect(site.complaints.splice(0), "what the browser complained of").toEqual([]));

const dialog = (page: Page) => page.locator("[role=dialog][data-modal]");

test("an alert is silenced in two clicks, says so, stands under Quiet now, and leaves it by itself", async () => {
  const page = await site.page(server, { path: "/alerts" });
  await page.getByRole("button", { name: "Disk of db-1" }).click();
  const sheet = page.getByRole("dialog", { name: /^Alert / });
  await sheet.getByRole("button", { name: "Silence" }).click();
  await dialog(page).getByText(/^1 open alert now/).waitFor(); // not those of other hosts
  await dialog(page).getByRole("button", { name: "Silence", exact: true }).click();
  await sheet.getByText(/Quiet: silenced by Olga Owner until/).waitFor();

  await page.goto(`${server.url}/quiet`);
  const held = page.getByRole("listitem").filter({ hasText: "Disk of db-1" });
  await held.getByText(/Silenced by Olga Owner/).waitFor();
  await page.getByRole("heading", { name: /^Silenced/ }).waitFor();
  const { items } = await server.api<{ items: { id: string; matchers: { name: string; value: string }[] }[] }>("GET", "silences");
  expect(items.map((one) => one.matchers.map((m) => `${m.name}=${m.value}`).sort())).toEqual([["env=production", "host=db-1"]]);
  await server.api("POST", `silences/${items[0]!.id}/end`, {});
  await page.getByText("Nothing is quiet").waitFor(); // without a reload
  await page.context().close();
});

test("a silence by hand: what is wrong is told while one types, what it hides is counted, it is changed and ended", async () => {
  const page = await site.page(server);
  await settled(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("new silence");
  await page.keyboard.press("Enter");
  const form = dialog(page);
  await form.getByLabel("Label 1").fill("host");
  await form.getByLabel("Comparison 1").selectOption("=~");
  await form.getByLabel("Value 1").fill("db-(");
  await form.getByRole("region", { name: "What it hides" }).locator(".text-red").waitFor();
  await form.getByLabel("Value 1").fill("db-.*");
  await form.getByText(/^2 open alerts now/).waitFor();
  await form.getByText("Disk of db-2 is full").waitFor();
  await form.getByRole("button", { name: "30 min" }).click();
  await form.getByLabel("Why").fill("Disks are exchanged");
  await form.getByRole("button", { name: "Silence", exact: true }).click();
  const row = page.getByRole("listitem").filter({ hasText: "Disks are exchanged" });
  await row.getByText("In force").waitFor();
  await row.getByText("Ends soon").waitFor();
  await row.getByText(/holds 2 open alerts/).waitFor();

  await row.getByRole("button", { name: "Edit" }).click();
  await form.getByLabel("Value 1").fill("db-2");
  await form.getByText(/^1 open alert now/).waitFor();
  await form.getByRole("button", { name: "4 h" }).click();
  await form.getByRole("button", { name: "Save" }).click();
  await row.getByText(/holds 1 open alert\b/).waitFor();
  await row.getByText("Ends soon").waitFor({ state: "detached" });

  await row.getByRole("button", { name: "End now" }).click();
  await page.getByText("Nothing is silenced").waitFor();
  await page.getByRole("button", { name: "Ended" }).click();
  await row.getByText("ended by Olga Owner").waitFor();
  await page.context().close();
});

test("a silence that would silence everything is refused at its labels, and nothing typed is lost", async () => {
  const page = await site.page(server, { path: "/quiet/silences?edit=new" });
  const form = dialog(page);
  await form.getByLabel("Label 1").fill("host");
  await form.getByLabel("Comparison 1").selectOption("!=");
  await form.getByLabel("Value 1").fill("db-9");
  await form.getByRole("button", { name: "Silence", exact: true }).click();
  await form.getByRole("group", { name: "Alerts for which all of this holds" }).getByRole("alert").getByText(/would silence everything/).waitFor();
  expect(await form.getByLabel("Value 1").inputValue()).toBe("db-9");
  await page.context().close();
});

test("maintenance is planned again and again, stands in the calendar, is begun and ended; its alert says so", async () => {
  const page = await site.page(server, { path: "/quiet/maintenance" });
  await page.getByText("No maintenance is planned").waitFor();
  await page.getByRole("button", { name: "New window" }).click();
  const form = dialog(page);
  await form.getByLabel("Name").fill("Weekly patches");
  await form.getByRole("checkbox", { name: "It begins now" }).uncheck();
  await form.getByRole("button", { name: "Plan it" }).click();
  await form.getByRole("alert").getByText(/say what is maintained/).waitFor();
  await form.getByRole("checkbox", { name: "Own scripts" }).check();
  await form.getByLabel("Comes again").selectOption("weekly");
  await form.getByRole("button", { name: "Plan it" }).click();
  const row = page.getByRole("listitem").filter({ hasText: "Weekly patches" }).filter({ hasText: "every week" });
  await row.getByText("Planned").or(row.getByText("Now", { exact: true })).first().waitFor();
  const bars = page.getByRole("list", { name: "Occurrences of Weekly patches" }).getByRole("button");
  await page.waitForFunction(() => document.querySelectorAll('[aria-label="Occurrences of Weekly patches"] button').length >= 3);
  await bars.first().click();
  await dialog(page).getByRole("button", { name: "Remove" }).click();
  await page.getByText("No maintenance is planned").waitFor();

  await server.api("POST", "maintenance-windows", { name: "Move of db-2", matchers: [{ name: "host", value: "db-2" }], for_s: 7200 });
  const now = page.getByRole("listitem").filter({ hasText: "Move of db-2" }).filter({ hasText: "holds 1 open alert" });
  await now.waitFor(); // by the stream
  await page.goto(`${server.url}/quiet`);
  await page.getByRole("listitem").filter({ hasText: "Disk of db-2" }).getByRole("link", { name: "The window" }).click();
  await dialog(page).getByRole("heading", { name: "Move of db-2" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "End now" }).click();
  await page.getByText("No maintenance is planned").waitFor();
  await page.context().close();
});

test("an inhibition rule is made, and who mutes whom is drawn until its source is over", async () => {
  await server.fire(source.key, { title: "Node n1 is down", dedup_key: "node", priority: "p1", labels: { kind: "node", node: "n1" } });
  await server.fire(source.key, { title: "Pod a restarts", dedup_key: "pod", priority: "p3", labels: { kind: "pod", node: "n1" } });
  const page = await site.page(server, { path: "/quiet/inhibition?edit=new" });
  const form = dialog(page);
  await form.getByLabel("Name").fill("A dead node quiets its pods");
  await form.getByLabel("Label 1").first().fill("kind");
  await form.getByLabel("Value 1").first().fill("node");
  await form.getByLabel("Label 1").last().fill("kind");
  await form.getByLabel("Value 1").last().fill("pod");
  await form.getByRole("button", { name: "Make" }).click();
  await form.getByRole("alert").first().waitFor(); // without equal labels it is refused
  await form.getByLabel("Equal labels").fill("node");
  await form.getByRole("button", { name: "Make" }).click();
  const drawn = page.getByRole("listitem").filter({ hasText: "Node n1 is down" });
  await drawn.getByText("mutes one").waitFor();
  await drawn.getByRole("listitem").filter({ hasText: "Pod a restarts" }).getByText("by A dead node quiets its pods").waitFor();
  const { items } = await server.api<{ items: { id: string }[] }>("GET", "alerts?dedup_key=node");
  await server.api("POST", `alerts/${items[0]!.id}/resolve`, {});
  await page.getByText("No alert mutes another").waitFor();
  await page.getByRole("button", { name: "Switch off" }).click();
  await page.getByText("Off", { exact: true }).waitFor();
  await page.context().close();
});

test("a heartbeat is made, its address is called and seen, and it is paused", async () => {
  const page = await site.page(server, { path: "/heartbeats" });
  await page.getByText("Nothing is expected yet").waitFor();
  await page.getByRole("button", { name: "New heartbeat" }).click();
  await dialog(page).getByLabel("Name").fill("Backup");
  await dialog(page).getByRole("button", { name: "Make" }).click();
  const url = await dialog(page).locator("code").first().textContent();
  await dialog(page).getByText("Waiting for a call").waitFor();
  expect((await fetch(`${url}/0`, { method: "POST", body: "3 GB in 4 min" })).ok).toBe(true);
  await dialog(page).getByText("It has called.").waitFor();
  await page.keyboard.press("Escape");
  const row = page.getByRole("listitem").filter({ hasText: "Backup" });
  await row.getByText("In time").waitFor();
  await row.getByText("3 GB in 4 min").waitFor();
  await row.getByRole("button", { name: "Pause" }).click();
  await row.getByText("Paused").waitFor();
  await page.context().close();
});

test("what belongs together is suggested with its reason; people say yes, no, or draft a rule", async () => {
  await server.api("POST", "services", { name: "Checkout" });
  for (const zone of ["a", "b", "c"]) await server.fire(source.key, { title: `Checkout answers slowly in zone ${zone}`, dedup_key: `zone-${zone}`, priority: "p3", service: "checkout" });
  const page = await site.page(server, { path: "/suggestions" });
  const pairs = page.getByRole("main").getByRole("listitem").filter({ hasText: "Checkout answers slowly in zone" });
  await page.waitForFunction(() => [...document.querySelectorAll("main li")].filter((li) => li.textContent!.includes("in zone")).length === 3);
  await pairs.first().getByText(/of 100/).waitFor();
  await pairs.first().getByRole("button", { name: "Together" }).click();
  await page.getByText("100% of 1 were right").waitFor();
  await pairs.first().getByRole("button", { name: "Not" }).click();
  await page.getByText("50% of 2 were right").waitFor();
  await pairs.first().getByRole("button", { name: "Draft a rule" }).click();
  await page.waitForURL("**/rules/*");
  const { items } = await server.api<{ items: { enabled: boolean }[] }>("GET", "alert-rules");
  expect(items.map((one) => one.enabled)).toEqual([false]);
  const { items: said } = await server.api<{ items: { number: string; id: string }[] }>("GET", "alerts?dedup_key=zone-a&dedup_key=zone-b&dedup_key=zone-c");
  for (const alert of said) {
    const answer = await server.api<{ correlated: unknown[] }>("GET", `alerts/${alert.id}/suggestions`);
    if (!answer.correlated.length) continue;
    await page.goto(`${server.url}/alerts/${alert.number}`);
    await page.getByRole("region", { name: "Belongs together" }).getByText("says Olga Owner").waitFor();
    await page.context().close();
    return;
  }
  throw new Error("nobody says that two belong together");
});

test("an alert that goes on and off has a strip of it, and says when it flaps", async () => {
  const loose = await server.api<{ id: string; key: string }>("POST", "integrations", { name: "Loose contact", template: "generic", flap_count: 3 });
  for (const status of ["triggered", "resolved", "triggered", "resolved", "triggered"]) await server.fire(loose.key, { title: "Link of rack 7", dedup_key: "link", priority: "p3", status });
  const { items } = await server.api<{ items: { number: string }[] }>("GET", "alerts?dedup_key=link&sort=-id");
  const page = await site.page(server, { path: `/alerts/${items[0]!.number}` });
  const sheet = page.getByRole("dialog", { name: /^Alert / });
  await sheet.getByRole("img", { name: /changes since .*; now on/ }).waitFor();
  await sheet.getByText("Flapping", { exact: true }).waitFor();
  await page.context().close();
});
