/* Every screen when it may not, cannot, or does not find: a sentence, the way out, the request's id; and no script fails.
 * Two people at one form. */
import type { BrowserContext, Page } from "playwright-core";
import { PASSWORD, signIn, Site, Tocsin } from "./tocsin";

const server = new Tocsin();
const site = new Site();
const VIEWER = "vera@example.org";
let context: BrowserContext;
let routes: string[];
let rule: { id: string };

beforeAll(async () => {
  await Promise.all([server.start(), site.open()]);
  const me = await server.api<{ id: string }>("GET", "users/olga@example.org");
  const source = await server.integration("Own scripts");
  await server.fire(source.key, { title: "A problem", dedup_key: "a", priority: "p2" });
  await server.api("POST", "incidents", { title: "Checkout fails", severity: 1 });
  const schedule = await server.api<{ id: string }>("POST", "schedules", { name: "Primary", time_zone: "Europe/Berlin", layers: [{ name: "Week", starts_at: "2026-01-05T09:00:00", turn: { every: 1, unit: "week" }, members: [[me.id]] }] });
  rule = await server.api("POST", "alert-rules", { name: "Quiet", conditions: [{ field: "priority", op: "in", value: ["p4"] }], actions: [{ type: "suppress", reason: "small" }] });
  await server.api("POST", "users", { name: "Vera Viewer", email: VIEWER, role: "viewer" });
  const kinds = ["services", "teams", "users", "escalation-policies", "schedules", "identity-providers", "api-keys", "connectors"];
  routes = [
    ...["/", "/alerts", "/alerts/ALERT-1", "/suggestions", "/incidents", "/incidents/INC-1", "/incidents/INC-1?tab=investigation", "/incidents/INC-1?tab=work", "/incidents/INC-1?tab=review"],
    ...["/on-call", "/on-call/me", "/on-call/readiness", "/on-call/report", "/on-call/covers", `/on-call/${schedule.id}`],
    ...["/integrations", "/integrations/new", `/integrations/${source.id}`, `/integrations/${source.id}/mapping`, "/rules", `/rules/${rule.id}`, "/rules/new"],
    ...["/quiet", "/quiet/silences", "/quiet/maintenance", "/quiet/inhibition", "/heartbeats", "/settings", "/settings/sessions"],
    ...kinds.map((kind) => `/settings/${kind}`),
  ];
  const { url } = await server.api<{ url: string }>("POST", `users/${VIEWER}/invite`, {});
  context = await site.context();
  const page = site.watch(await context.newPage());
  await page.goto(url);
  await page.getByLabel("Your password").fill(PASSWORD);
  await page.locator("button[type=submit]").click();
  await page.getByRole("navigation", { name: "Main" }).waitFor();
  await page.close();
});
afterAll(async () => {
  await site.browser?.close();
  await server.end();
});

/* What the page itself needs to stand: who one is and what one may. */
const FRAME = /\/api\/v1\/(me|permissions|organization|stream|sign-in\/providers)(\?|$)/;
const settled = (page: Page) => page.waitForFunction(() => document.querySelector("main h1") && !document.querySelector("main .shimmer"));

/* Several screens at once: most of the time each waits. */
async function walk(visit: (page: Page, route: string) => Promise<string | undefined>) {
  const waiting = [...routes];
  const wrong: string[] = [];
  const hand = async () => {
    const page = site.watch(await context.newPage());
    for (let route = waiting.shift(); route; route = waiting.shift()) {
      const said = await visit(page, route).catch((error: Error) => error.message.split("\n")[0]);
      if (said) wrong.push(`${route}: ${said}`);
      const complaints = site.complaints.splice(0).filter((text) => !/status of (403|404|429|500)/.test(text));
      if (complaints.length) wrong.push(`${route}: ${complaints.join(" | ")}`);
    }
    await page.close();
  };
  await Promise.all(Array.from({ length: 6 }, hand));
  return wrong;
}

test("a viewer walks every screen: it is drawn, or says that they may not", async () => {
  const wrong = await walk(async (page, route) => {
    await page.goto(server.url + route);
    await settled(page);
    const text = await page.locator("main").innerText();
    return /undefined|\bNaN\b|\[object|This could not be loaded/.test(text) ? text.slice(0, 200) : text.trim().length < 10 ? "it is empty" : undefined;
  });
  expect(wrong.join("\n")).toBe("");
}, 120_000);

const idOf = (at: URL) => `walk-${(at.pathname + at.search).replace(/[^a-zA-Z0-9]+/g, "-")}-end`;

/* Screens that ask for nothing. */
const STILL = new Set(["/settings", "/rules/new"]);

test.each([
  [403, "You may not see this", "Go back"],
  [404, "There is nothing here", "Go back"],
  [429, "Too many requests", "Try again"],
  [500, "This could not be loaded", "Try again"],
])("every screen when the server answers %i", async (status, title, way) => {
  await context.route("**/api/v1/**", (call) =>
    FRAME.test(call.request().url())
      ? call.continue()
      : call.fulfill({ status, headers: { "X-Request-Id": idOf(new URL(call.request().frame().url())) }, contentType: "application/problem+json", body: JSON.stringify({ title: "No", status, code: "no", detail: "this is how it is", errors: [] }) }),
  );
  const wrong = await walk(async (page, route) => {
    if (STILL.has(route) || route.includes("?tab=")) return undefined; // the tabs of an incident that is not there are that incident
    // Within the page, as a link does it: the page is loaded once for all of them. Each screen's requests have an id of their own.
    if (page.url() === "about:blank") await page.goto(server.url + route);
    else await page.evaluate((to) => history.pushState({}, "", to), route);
    await page.getByText(idOf(new URL(server.url + route))).first().waitFor();
    await page.getByText(title).first().waitFor();
    await page.getByRole("button", { name: way }).first().waitFor();
    const text = await page.locator("body").innerText();
    return /undefined|\bNaN\b|\[object/.test(text) ? text.slice(0, 200) : undefined;
  });
  await context.unrouteAll({ behavior: "ignoreErrors" });
  expect(wrong.join("\n")).toBe("");
}, 120_000);

test("two people at one form: what is typed stays, and both values are shown", async () => {
  const made = await server.api<{ id: string }>("POST", "inhibition-rules", { name: "Before", source: [{ name: "a", value: "1" }], target: [{ name: "b", value: "1" }], equal: ["env"] });
  const page = await site.page(server);
  const stream = page.waitForResponse((answer) => answer.url().includes("/api/v1/stream"));
  await page.goto(`${server.url}/quiet/inhibition?edit=${made.id}`);
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Mine");
  await stream; // what is changed from now on is heard
  await server.api("PATCH", `inhibition-rules/${made.id}`, { name: "Theirs", release_s: 77 });
  await page.locator("main").getByText("Theirs", { exact: true }).waitFor(); // the stream has brought it
  expect(await dialog.getByLabel("Name").inputValue()).toBe("Mine");
  await dialog.getByRole("button", { name: "Save" }).click();
  const both = dialog.getByRole("alert", { name: "Two values" });
  await both.getByText("Theirs", { exact: true }).nth(1).waitFor();
  await both.getByText("Mine", { exact: true }).waitFor();
  await both.getByRole("button", { name: "Use mine" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await server.api("GET", `inhibition-rules/${made.id}`)).toMatchObject({ name: "Mine", release_s: 77 });

  // What only one of the two changed needs no question.
  await page.goto(`${server.url}/quiet/inhibition?edit=${made.id}`);
  await dialog.getByLabel("Equal labels").fill("env, cluster");
  await server.api("PATCH", `inhibition-rules/${made.id}`, { release_s: 78 });
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await server.api("GET", `inhibition-rules/${made.id}`)).toMatchObject({ equal: ["env", "cluster"], release_s: 78 });
  await page.context().close();
});

test("what is refused stands at its field, or at the foot with the request's id", async () => {
  const page = await site.page(server);
  await page.goto(`${server.url}/heartbeats?edit=new`);
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Backup");
  await dialog.getByRole("button", { name: "At times (cron)" }).click();
  await dialog.getByLabel("Times (cron)").fill("61 * * * *");
  await dialog.getByRole("button", { name: "Make" }).click();
  await dialog.getByRole("alert").filter({ hasText: /minute|61/ }).waitFor();
  for (const status of [403, 409, 429, 500]) {
    await page.route("**/api/v1/heartbeats", (call) => call.fulfill({ status, headers: { "X-Request-Id": `walk-${status}` }, contentType: "application/problem+json", body: JSON.stringify({ status, code: "no", detail: "not now", errors: [] }) }));
    await dialog.getByRole("button", { name: "Make" }).click();
    await dialog.getByRole("alert").filter({ hasText: `walk-${status}` }).waitFor();
    await page.unroute("**/api/v1/heartbeats");
  }
  expect(await dialog.getByLabel("Name").inputValue()).toBe("Backup");
  // The session ends: signing in again gives back what was typed.
  await page.context().clearCookies();
  await dialog.getByRole("button", { name: "Make" }).click();
  await page.getByLabel("Password").waitFor();
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await dialog.getByLabel("Times (cron)").waitFor();
  expect(await dialog.getByLabel("Name").inputValue()).toBe("Backup");
  await page.context().close();
});

test("a policy that is not saved draws who would be told", async () => {
  const page = await site.page(server);
  await page.goto(`${server.url}/settings/escalation-policies?edit=new`);
  const dialog = page.getByRole("dialog");
  const told = dialog.getByRole("region", { name: "Who would be told" });
  await told.getByText("Not complete yet").waitFor();
  await dialog.getByLabel("Which of them").or(dialog.getByLabel("The person")).first().selectOption({ label: "Vera Viewer" });
  await told.getByText("Level 1").first().waitFor();
  await told.getByText("Vera Viewer").first().waitFor();
  expect((await server.api<{ items: unknown[] }>("GET", "escalation-policies")).items).toHaveLength(1);
  await page.context().close();
});
