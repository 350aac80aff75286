/* What people do at the page, done. */
import type { Page } from "playwright-core";
import { EMAIL, PASSWORD, signIn, Site, Tocsin } from "./tocsin";

const server = new Tocsin();
const site = new Site();
let source: { id: string; key: string };

beforeAll(async () => {
  await Promise.all([server.start(), site.open()]);
  source = await server.integration("Own scripts");
});
afterAll(async () => {
  await site.browser?.close();
  await server.end();
});
afterEach(() => expect(site.complaints.splice(0), "what the browser complained of").toEqual([]));

const row = (page: Page, title: string) => page.getByRole("row").filter({ hasText: title });

test("a wrong password is said, the right one opens what was asked for", async () => {
  const page = site.watch(await (await site.context()).newPage());
  await page.goto(`${server.url}/alerts`);
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("The e-mail address or the password is wrong.").waitFor();
  expect(await page.getByLabel("Password").inputValue()).toBe("");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Alerts", exact: true }).waitFor();
  await page.context().close();
});

test("an alert appears without reload, and one acknowledgement shows in two browsers", async () => {
  const [ann, bob] = [await site.page(server), await site.page(server)];
  for (const page of [ann, bob]) await page.getByRole("navigation").getByRole("link", { name: "Alerts" }).click();
  await ann.getByText("Nothing is open").waitFor();
  await server.fire(source.key, { title: "Disk of db-1 is full", dedup_key: "disk", priority: "p2" });
  for (const page of [ann, bob]) await row(page, "Disk of db-1 is full").getByText("Triggered").waitFor();
  await ann.keyboard.press("j");
  await ann.keyboard.press("a");
  await ann.getByRole("status").getByText("Acknowledged: ALERT-").waitFor();
  await row(bob, "Disk of db-1 is full").getByText("Acknowledged").waitFor();
  const { items } = await server.api<{ items: { status: string; acknowledged_by: { name: string } }[] }>("GET", "alerts?status=acknowledged");
  expect(items.map((a) => a.acknowledged_by.name)).toEqual(["Olga Owner"]);
  await ann.getByRole("button", { name: "Undo" }).click();
  await row(bob, "Disk of db-1 is full").getByText("Triggered").waitFor();
  await ann.context().close();
  await bob.context().close();
});

test("an alert opens beside the list, tells why, takes a note; text of others stays text", async () => {
  const page = await site.page(server);
  await server.fire(source.key, { title: "<img src=x onerror=alert(1)> عطل 🔥", dedup_key: "html", priority: "p1", labels: Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`label_${i}`, `value ${i}`])) });
  await page.goto(`${server.url}/alerts`);
  await page.getByRole("button", { name: "<img src=x" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("heading", { name: "<img src=x onerror=alert(1)> عطل 🔥" }).waitFor();
  await sheet.getByText("label_63=").waitFor();
  expect(await page.locator("img").count()).toBe(0);
  await sheet.getByRole("tab", { name: "Why it paged" }).click();
  await sheet.getByText("Last decision").waitFor();
  await sheet.getByRole("tab", { name: "Timeline" }).click();
  await sheet.getByLabel("Note").fill("It was the **backup**.");
  await sheet.getByRole("button", { name: "Add note" }).click();
  await sheet.getByText("backup", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "hidden" });
  expect(new URL(page.url()).pathname).toBe("/alerts");
  await page.context().close();
});

test("the filter lives in the address", async () => {
  const page = await site.page(server, { path: "/alerts" });
  await row(page, "Disk of db-1").waitFor();
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByRole("menuitemcheckbox", { name: "P1" }).click();
  await page.keyboard.press("Escape");
  await row(page, "Disk of db-1").waitFor({ state: "detached" });
  expect(new URL(page.url()).search).toBe("?priority=p1");
  await page.reload();
  await row(page, "<img src=x").waitFor();
  expect(await row(page, "Disk of db-1").count()).toBe(0);
  await page.getByRole("button", { name: "Remove filter P1" }).click();
  await row(page, "Disk of db-1").waitFor();
  await page.context().close();
});

test("an incident, from its declaration to its end", async () => {
  const page = await site.page(server);
  await page.keyboard.press("c");
  await page.getByLabel("What is wrong?").fill("Checkout fails for a third of orders");
  await page.getByRole("radio", { name: "SEV1" }).check();
  await page.getByRole("button", { name: "Declare", exact: true }).click();
  await page.getByRole("heading", { name: "Checkout fails for a third of orders" }).waitFor();
  await page.getByRole("button", { name: "Acknowledge" }).click();
  const step = (name: string) => page.getByRole("list", { name: "Where it stands" }).getByRole("button", { name, exact: true });
  await page.locator('[aria-current="step"]', { hasText: "Investigating" }).waitFor();
  await page.getByRole("button", { name: "Me", exact: true }).click();
  await page.getByLabel("Update", { exact: true }).fill("The cache is cold");
  await page.getByLabel("Move it to").selectOption("fixing");
  await page.getByRole("button", { name: "Update" }).click();
  await page.getByRole("list", { name: "Timeline" }).getByText("The cache is cold").waitFor();
  await page.locator('[aria-current="step"]', { hasText: "Fixing" }).waitFor();
  await step("Monitoring").click();
  await page.locator('[aria-current="step"]', { hasText: "Monitoring" }).waitFor();
  await page.getByRole("button", { name: "Resolve", exact: true }).click();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await page.locator('[aria-current="step"]', { hasText: "Closed" }).waitFor();
  const { items } = await server.api<{ items: { status: string; severity: number; commander_id: string }[] }>("GET", "incidents");
  const me = await server.api<{ id: string }>("GET", "users/olga@example.org");
  expect(items[0]).toMatchObject({ status: "closed", severity: 1, commander_id: me.id });
  await page.context().close();
});

test("palette and keys lead everywhere, and are off while typing", async () => {
  const page = await site.page(server);
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Find or do").fill("rules");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/rules");
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.waitForURL("**/alerts");
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("Declare an incident").waitFor();
  await page.keyboard.press("Escape");
  await page.goto(`${server.url}/integrations/new`);
  await page.getByLabel("Find a source").fill("c?ga");
  expect(await page.getByRole("dialog").count()).toBe(0);
  expect(new URL(page.url()).pathname).toBe("/integrations/new");
  await page.context().close();
});

test("a source is connected, and its first event is seen to come", async () => {
  const page = await site.page(server, { path: "/integrations/new" });
  await page.getByLabel("Find a source").fill("generic");
  await page.locator("main").getByRole("listitem").getByRole("button").first().click();
  await page.getByLabel("Name").fill("The new one");
  await page.getByRole("button", { name: "Get its address" }).click();
  await page.getByText("Waiting for the first event").waitFor();
  const url = await page.locator("code", { hasText: "/in/" }).first().textContent();
  const key = url!.split("/in/")[1]!;
  await server.fire(key, { title: "It works", dedup_key: "first", priority: "p4" });
  await page.getByText("The first event has come").waitFor();
  await page.getByText("1 alert", { exact: true }).click();
  await page.getByRole("button", { name: "Replay" }).click();
  await page.getByText("Sent again").waitFor();
  await page.context().close();
});

test("a rule is made with rows, refused with its reason, and previewed", async () => {
  const page = await site.page(server, { path: "/rules/new" });
  await page.getByLabel("What people call it").fill("Small things are quiet");
  await page.getByRole("button", { name: "CEL" }).click();
  await page.getByLabel("Expression").fill("alert.priority ==");
  await page.getByRole("button", { name: "Make" }).click();
  await page.getByRole("alert").first().waitFor();
  await page.getByLabel("Expression").fill("alert.priority == 'p4'");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText("There were no rules.").or(page.getByText("default chain")).first().waitFor();
  await page.getByRole("button", { name: "Make" }).click();
  await page.waitForURL("**/rules");
  await page.getByText("alert.priority == 'p4'").waitFor();
  await page.context().close();
});

test("a schedule is made by form and read in the calendar", async () => {
  const page = await site.page(server);
  const me = await server.api<{ id: string }>("GET", "users/olga@example.org");
  await server.api("POST", "schedules", { name: "Primary", time_zone: "Europe/Berlin", layers: [{ name: "Week", starts_at: "2026-01-05T09:00:00", turn: { every: 1, unit: "week" }, members: [[me.id]], windows: [{ days: ["mon", "tue", "wed", "thu", "fri"], from: "09:00", to: "17:00" }] }] });
  await page.goto(`${server.url}/on-call`);
  await page.getByRole("link", { name: "Primary" }).click();
  await page.getByRole("group", { name: "Calendar" }).getByRole("button", { name: /On call: Olga Owner/ }).first().waitFor();
  await page.getByText("Nobody is on call (").waitFor();
  await page.getByRole("button", { name: "Cover a shift" }).click();
  await page.getByRole("button", { name: "Cover", exact: true }).click();
  await page.getByText("in place of everyone").waitFor();
  await page.context().close();
});

test("a service is made by a form that shows the server's words at the field", async () => {
  const page = await site.page(server, { path: "/settings/services" });
  await page.getByRole("button", { name: "New service" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: false }).first().fill(" ");
  await dialog.getByRole("button", { name: "Make" }).click();
  await dialog.getByRole("alert").first().waitFor();
  await dialog.getByLabel("Name", { exact: false }).first().fill("Checkout");
  await dialog.getByRole("button", { name: "Make" }).click();
  await dialog.waitFor({ state: "hidden" });
  await page.getByRole("cell", { name: "Checkout", exact: true }).waitFor();
  await page.context().close();
});

test("a session that ends asks again, and keeps what was typed", async () => {
  const page = await site.page(server, { path: "/incidents/INC-1" });
  await page.getByRole("button", { name: "Reopen" }).click();
  await page.getByLabel("Update", { exact: true }).fill("Half a sentence");
  await page.context().clearCookies();
  // Sent as the form sends it: news that the page asks for by itself may have found out, and laid the dialog over the button.
  await page.locator("form button", { hasText: "Update" }).dispatchEvent("click");
  await page.getByRole("dialog").getByText("Your session ended").waitFor();
  await page.getByRole("dialog").getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  expect(await page.getByLabel("Update", { exact: true }).inputValue()).toBe("Half a sentence");
  await page.context().close();
});

test("a lost stream is said, and so is its return, with what was missed", async () => {
  const page = await site.page(server, { path: "/alerts?status=all" });
  await row(page, "Disk of db-1").first().waitFor();
  await server.stop();
  await page.getByText("The connection was lost").waitFor();
  await server.start();
  await server.fire(source.key, { title: "Came while away", dedup_key: "away" });
  await page.getByText("Connected again").waitFor({ timeout: 30_000 });
  await row(page, "Came while away").waitFor();
  await page.context().close();
});

test("an acknowledgement without a network is said to wait, and is sent when there is one", async () => {
  const page = await site.page(server);
  await server.fire(source.key, { title: "In the tunnel", dedup_key: "tunnel", priority: "p1" });
  await page.goto(`${server.url}/alerts`);
  await page.getByRole("button", { name: "In the tunnel" }).click();
  await page.getByRole("dialog").getByText("Triggered").waitFor();
  await page.context().setOffline(true);
  await page.getByRole("dialog").getByRole("button", { name: "Acknowledge" }).click();
  await page.getByText("You are offline").waitFor();
  const status = async () => (await server.api<{ items: { title: string; status: string }[] }>("GET", "alerts")).items.find((a) => a.title === "In the tunnel")!.status;
  expect(await status()).toBe("triggered");
  // The tab is closed in the tunnel; another one, later, still sends it.
  const context = page.context();
  await page.close();
  await context.setOffline(false);
  const next = site.watch(await context.newPage());
  await next.goto(server.url);
  await next.getByText("Acknowledged: ALERT-").waitFor();
  expect(await status()).toBe("acknowledged");
  await context.close();
});

test("on a phone an alert is found and acknowledged", async () => {
  const page = await site.page(server, { viewport: { width: 375, height: 720 }, hasTouch: true, isMobile: true });
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("navigation").getByRole("link", { name: "Alerts" }).click();
  await page.getByRole("button", { name: "Came while away" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Acknowledge" }).click();
  await page.getByRole("dialog").getByText("Acknowledged", { exact: true }).first().waitFor();
  await page.context().close();
});

test("somebody is added, gets a link, sets a password with it, and is in", async () => {
  const page = await site.page(server, { path: "/settings/users?edit=new" });
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: false }).first().fill("Bo Berg");
  await dialog.getByLabel("Email", { exact: false }).first().fill("bo@example.org");
  await dialog.getByRole("button", { name: "Make" }).click();
  const url = await page.getByRole("dialog", { name: "A link for Bo Berg" }).locator("code").textContent();
  const bo = site.watch(await (await site.context()).newPage());
  await bo.goto(url!);
  await bo.getByRole("heading", { name: "Welcome, Bo Berg" }).waitFor();
  await bo.getByLabel("Your password").fill("short");
  await bo.keyboard.press("Enter");
  await bo.getByRole("alert").getByText("at least 10").waitFor();
  await bo.getByLabel("Your password").fill("seven otters sing");
  await bo.keyboard.press("Enter");
  await bo.getByRole("button", { name: "Bo Berg" }).waitFor();
  await bo.goto(url!);
  await bo.getByRole("alert").getByText("ask for a new one").waitFor();
  await bo.context().close();
  await page.context().close();
});

test("signing out leaves nothing behind", async () => {
  const page = await site.page(server, { path: "/settings" });
  await page.getByRole("button", { name: "Olga Owner" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to Tocsin" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Sign in to Tocsin" }).waitFor();
  await signIn(page, server);
  await page.context().close();
});
