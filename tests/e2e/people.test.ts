/* People: how they are reached, and how they come in. */
import { Identity } from "./identity";
import { Hooks, Mailbox } from "./sinks";
import { createHmac } from "node:crypto";
import { EMAIL, PASSWORD, settled, Site, Tocsin } from "./tocsin";

const server = new Tocsin();
const site = new Site();
const hooks = new Hooks();
const mailbox = new Mailbox();
const identity = new Identity();

beforeAll(async () => {
  await Promise.all([hooks.open(), mailbox.open(), site.open()]);
  server.options = ["--smtp-url", mailbox.url, "--smtp-from", "Tocsin <tocsin@example.org>"];
  await server.start();
  await identity.open(`${server.url}/sign-in/callback`);
});
afterAll(async () => {
  await site.browser?.close();
  await server.end();
  hooks.close();
  identity.close();
  mailbox.close();
});
afterEach(() => expect(site.complaints.splice(0), "what the browser complained of").toEqual([]));

test("a contact method is added, proved with the code that came, tested, put into steps; then a page comes there", async () => {
  const me = await server.api<{ id: string }>("GET", `users/${EMAIL}`);
  for (const one of (await server.api<{ items: { id: string }[] }>("GET", `contact-methods?user_id=${me.id}`)).items) await server.api("PATCH", `contact-methods/${one.id}`, { verified: false });
  const page = await site.page(server, { path: "/on-call/me" });
  await page.getByText("An urgent page does not reach you.").waitFor();
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("How").selectOption("webhook");
  await dialog.getByLabel("Address").fill(`${hooks.url}/mine`);
  await dialog.getByRole("button", { name: "Add and send the code" }).click();
  await dialog.waitFor({ state: "hidden" });
  const code = /\d{6}/.exec((await hooks.wait("/mine")).headline!)![0];
  const row = page.getByRole("listitem").filter({ hasText: `${hooks.url}/mine` }).first();
  await row.getByText("The code was sent").waitFor();
  await row.getByLabel("Code that was sent").fill(code === "111111" ? "222222" : "111111");
  await row.getByRole("button", { name: "Verify" }).click();
  await row.getByRole("alert").getByText("This is not the code").or(row.getByText("this is not the code")).first().waitFor();
  await row.getByLabel("Code that was sent").fill(code);
  await row.getByRole("button", { name: "Verify" }).click();
  await row.getByText("Verified", { exact: true }).waitFor();
  const urgent = page.locator("section").filter({ has: page.getByRole("heading", { name: "When it is urgent" }) });
  // The owner's own address was in the first step already: the new one joins it.
  const box = urgent.getByRole("checkbox", { name: "/mine" }).first();
  if (!(await box.isChecked())) {
    await box.check();
    await urgent.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved: it holds for the next page").waitFor();
  }
  await page.getByText("An urgent page does not reach you.").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Page me" }).click();
  await hooks.wait("/mine", (body) => body.headline!.includes("A test of my contact methods"));
  await page.goto(server.url);
  await page.getByRole("region", { name: "Waiting for you" }).getByRole("button", { name: "Acknowledge" }).click();
  await page.getByRole("region", { name: "Waiting for you" }).waitFor({ state: "detached" });
  await page.context().close();
});

test("a test that cannot be delivered says why", async () => {
  const me = await server.api<{ id: string }>("GET", `users/${EMAIL}`);
  await server.api("POST", "contact-methods", { user_id: me.id, kind: "webhook", address: "http://127.0.0.1:9/nobody", verified: true });
  const page = await site.page(server, { path: "/on-call/me" });
  const row = page.getByRole("listitem").filter({ hasText: "127.0.0.1:9/nobody" }).first();
  await row.getByText("In no step").waitFor();
  await row.getByRole("button", { name: "Test" }).click();
  await row.getByText("is on its way").or(row.getByText("was not sent")).first().waitFor();
  await row.getByText("The test was not sent:").waitFor();
  await page.context().close();
});

test("notices, quiet hours and a calendar's address are one's own to choose", async () => {
  const page = await site.page(server, { path: "/on-call/me" });
  await page.getByRole("group", { name: "It begins" }).getByLabel("1 hour before").check();
  await page.getByRole("group", { name: "It ends" }).getByLabel("just then").check();
  await page.getByRole("button", { name: "Save the notices" }).click();
  await page.getByRole("button", { name: "Save the notices" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Add quiet hours" }).click();
  await page.getByLabel("From, 1").fill("23:15");
  await page.getByRole("group", { name: "Days on which they begin" }).getByLabel("sun").uncheck();
  await page.getByRole("button", { name: "Save the quiet hours" }).click();
  await page.getByRole("button", { name: "Save the quiet hours" }).waitFor({ state: "detached" });
  expect(await server.api("GET", `users/${EMAIL}`)).toMatchObject({
    shift_notices: { begins_s: [3600], ends_s: [0], report: false },
    quiet_hours: [{ days: ["mon", "tue", "wed", "thu", "fri", "sat"], from: "23:15", to: "07:00" }],
  });

  await page.getByRole("button", { name: "Make an address" }).click();
  await page.getByLabel("Reminder").selectOption({ label: "1 hour before a shift" });
  await page.getByRole("button", { name: "Make it" }).click();
  const address = (await page.getByRole("dialog").locator("pre").textContent())!;
  const read = () => fetch(new URL(new URL(address).pathname, server.url));
  expect(await (await read()).text()).toContain("BEGIN:VCALENDAR");
  await page.getByRole("button", { name: "I have it" }).click();
  expect(await page.getByText(address).count()).toBe(0);
  await page.getByRole("button", { name: "Revoke: My own shifts" }).click();
  await page.getByRole("button", { name: "Revoke it" }).click();
  await page.getByText("subscribe to an address that you make here").waitFor();
  expect((await read()).status).toBe(404);
  await page.context().close();
});

// Before the first schedule is made.
test("the first steps tell the truth, and each can be skipped", async () => {
  const page = await site.page(server);
  await settled(page);
  const steps = page.getByRole("region", { name: "First steps" });
  const source = await server.integration("Fresh source");
  await steps.getByRole("status").getByText("Fresh source: waiting for the first event").waitFor();
  await server.fire(source.key, { title: "The first", dedup_key: "first", priority: "p4" });
  await steps.getByRole("listitem").filter({ hasText: "Connect a source" }).getByLabel("Done").waitFor();
  await steps.getByRole("button", { name: "Skip: Make the first on-call schedule" }).click();
  await steps.getByRole("listitem").filter({ hasText: "on-call schedule" }).getByLabel("Skipped").waitFor();
  await page.reload();
  await steps.getByRole("listitem").filter({ hasText: "on-call schedule" }).getByLabel("Skipped").waitFor();
  await page.context().close();
});

test("who would not hear a page is seen, with what is missing, and reminded", async () => {
  const rita = await server.api<{ id: string }>("POST", "users", { name: "Rita Ready", email: "rita@example.org", role: "responder" });
  const [mail] = (await server.api<{ items: { id: string }[] }>("GET", `contact-methods?user_id=${rita.id}`)).items;
  await server.api("PATCH", `contact-methods/${mail!.id}`, { verified: false });
  await server.api("POST", "schedules", { name: "Ritas", time_zone: "UTC", layers: [{ name: "All", starts_at: "2026-01-05T09:00:00", turn: { every: 1, unit: "week" }, members: [[rita.id]] }] });
  const page = await site.page(server, { path: "/on-call/readiness" });
  const row = page.locator("li").filter({ has: page.getByRole("button", { name: "Remind Rita Ready" }) });
  await row.getByText("Would not hear it").waitFor();
  await row.getByText("no verified contact method").waitFor();
  // Nothing reaches her: the page says so instead of pretending.
  await row.getByRole("button", { name: "Remind Rita Ready" }).click();
  await page.getByRole("alert").getByText("the reminder cannot reach them either").waitFor();
  await page.getByRole("button", { name: "Close notice" }).click();
  await server.api("PATCH", `contact-methods/${mail!.id}`, { verified: true });
  await row.getByText("Hears it at once").waitFor();
  await row.getByText("nothing was ever seen to arrive").waitFor();
  await row.getByRole("button", { name: "Remind Rita Ready" }).click();
  await page.getByText("Rita Ready is told what is missing").waitFor();
  await mailbox.wait(/might not reach you/);
  await page.context().close();
});

test("before a page is sent by hand it is shown who would be told", async () => {
  await server.api("POST", "users", { name: "Ben Backup", email: "ben@example.org", role: "responder" });
  const page = await site.page(server, { path: "/on-call" });
  await page.getByRole("button", { name: "Page somebody" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Which").selectOption({ label: "Ben Backup" });
  await dialog.getByRole("listitem").filter({ hasText: "Level 1" }).getByText("Ben Backup").waitFor();
  await dialog.getByLabel("What it is about").fill("Please look at checkout");
  await dialog.getByRole("button", { name: "Send the page" }).click();
  await dialog.waitFor({ state: "detached" });
  const { items } = await server.api<{ items: { title: string; source: string }[] }>("GET", "alerts?sort=-id&limit=1");
  expect(items[0]).toMatchObject({ title: "Please look at checkout", source: "manual" });
  await page.context().close();
});

test("a lost password comes back by mail", async () => {
  await server.api("POST", "users", { name: "Lou Lost", email: "lou@example.org", role: "responder" });
  const page = site.watch(await (await site.context()).newPage());
  await page.goto(server.url);
  await page.getByRole("button", { name: "No password, or lost it?" }).click();
  await page.getByLabel("E-mail").fill("lou@example.org");
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByRole("status").getByText("is on its way").waitFor();
  const link = (await mailbox.wait(/http:\S+\/join\/\w+/))[0];
  await page.goto(link);
  await page.getByLabel("Your password").fill("seven otters sing");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Lou Lost" }).waitFor();
  await page.context().close();
});

/* RFC 6238, as an app on a phone does it. */
function codeOf(secret: string, at = Date.now()) {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  return String((mac.readUInt32BE(mac.at(-1)! & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

test("a second factor is set up, asked for, and a recovery code opens the door once", async () => {
  const page = await site.page(server, { path: "/settings/sessions" });
  await page.getByRole("button", { name: "Set up" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("img", { name: "QR code" }).waitFor();
  const secret = (await dialog.locator("p.font-mono").textContent())!.replaceAll(" ", "");
  await dialog.getByLabel("Then type the code").fill("000000");
  await dialog.getByRole("button", { name: "Switch on" }).click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("Then type the code").fill(codeOf(secret));
  await dialog.getByRole("button", { name: "Switch on" }).click();
  await dialog.getByRole("heading", { name: "Keep these recovery codes" }).waitFor();
  const codes = await dialog.getByRole("listitem").allTextContents();
  expect(codes).toHaveLength(10);
  await dialog.getByRole("button", { name: "I have them" }).click();
  await page.getByText("10 recovery codes are left").waitFor();
  const door = site.watch(await (await site.context()).newPage());
  await door.goto(server.url);
  await door.getByLabel("E-mail").fill(EMAIL);
  await door.getByLabel("Password").fill(PASSWORD);
  await door.getByRole("button", { name: "Sign in" }).click();
  await door.getByLabel("Code").fill("000000");
  await door.keyboard.press("Enter");
  await door.getByRole("alert").getByText("This code is wrong").or(door.getByText("this code is wrong")).first().waitFor();
  await door.getByLabel("Code").fill(codes[0]!);
  await door.keyboard.press("Enter");
  await door.getByRole("navigation", { name: "Main" }).waitFor();
  await door.context().close();
  await page.getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("dialog").getByLabel("A code of your app").fill(codes[1]!);
  await page.getByRole("dialog").getByRole("button", { name: "Switch off" }).click();
  await page.getByText("With it a stolen password is not enough").waitFor();
  // Set up again; then an admin takes it away, as for somebody whose phone is gone.
  await page.getByRole("button", { name: "Set up" }).click();
  await dialog.getByRole("img", { name: "QR code" }).waitFor();
  await dialog.getByLabel("Then type the code").fill(codeOf((await dialog.locator("p.font-mono").textContent())!.replaceAll(" ", "")));
  await dialog.getByRole("button", { name: "Switch on" }).click();
  await dialog.getByRole("button", { name: "I have them" }).click();
  await page.getByText("10 recovery codes are left").waitFor();
  const { id } = await server.api<{ id: string }>("GET", `users/${EMAIL}`);
  await page.goto(`${server.url}/settings/users?edit=${id}`);
  await dialog.getByRole("button", { name: "Take the second factor away" }).click();
  await dialog.getByRole("button", { name: "Take it away" }).click();
  await page.getByText("signs in without a second factor now").waitFor();
  await page.goto(`${server.url}/settings/sessions`);
  await page.getByText("With it a stolen password is not enough").waitFor();
  await page.context().close();
});

/* Fonts and the like that the provider's own pages would fetch from elsewhere. */
async function doorTo(path = "/") {
  const page = site.watch(await (await site.context()).newPage());
  await page.route((url) => url.hostname !== "127.0.0.1", (route) => route.abort());
  await page.goto(server.url + path);
  return page;
}

test("a provider lets people in: who is known, who is new, and says why it lets others not", async () => {
  const head = { issuer: identity.issuer, scopes: "openid email profile groups" };
  await server.api("POST", "identity-providers", { ...head, name: "House RS", client_id: "tocsin-rs", client_secret: "secret of tocsin-rs" });
  await server.api("POST", "identity-providers", { ...head, name: "House ES", client_id: "tocsin-es", client_secret: "secret of tocsin-es", create_users: true, role_map: [{ group: "sre", role: "admin" }] });

  const page = await doorTo("/alerts?status=resolved");
  await page.getByRole("link", { name: "Sign in with House RS" }).click();
  await identity.pass(page, EMAIL);
  await page.getByRole("button", { name: "Olga Owner" }).waitFor();
  expect(new URL(page.url()).search).toBe("?status=resolved");

  // The session ends; another tab signs in again, and this one goes on with what was typed.
  await page.goto(`${server.url}/settings/services?edit=new`);
  await page.getByRole("dialog").getByLabel("Name").fill("Half typed");
  await page.context().clearCookies({ name: "tocsin_session" });
  await page.getByRole("dialog").getByRole("button", { name: "Make" }).click();
  const again = page.getByRole("dialog", { name: "Your session ended" });
  const [tab] = await Promise.all([page.waitForEvent("popup"), again.getByRole("link", { name: "Sign in with House RS" }).click()]);
  await tab.getByRole("navigation", { name: "Main" }).waitFor(); // the house still knew her
  await tab.close();
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await again.waitFor({ state: "detached" });
  await page.getByRole("dialog").getByLabel("Name").and(page.locator("[value='Half typed']")).waitFor();
  await page.context().close();

  const fresh = await doorTo();
  await fresh.getByRole("link", { name: "Sign in with House ES" }).click();
  await identity.pass(fresh, "nora@example.org");
  await fresh.getByRole("button", { name: "Name of nora@example.org" }).waitFor();
  expect(await server.api("GET", "users/nora@example.org")).toMatchObject({ role: "admin", name: "Name of nora@example.org" });
  await fresh.context().close();

  const stranger = await doorTo();
  await stranger.getByRole("link", { name: "Sign in with House RS" }).click();
  await identity.pass(stranger, "stranger@example.org");
  await stranger.getByRole("alert").getByText("Nobody here has the address stranger@example.org; ask an administrator to invite you.").waitFor();
  await stranger.getByRole("link", { name: "Other ways to sign in" }).click();
  await stranger.getByLabel("Password").waitFor();
  await stranger.context().close();
}, 240_000);
