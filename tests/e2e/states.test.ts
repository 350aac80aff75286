/* Every screen when it may not, cannot, or does not find: a sentence, the way out, the request's id; and no script fails.
 * Two people at one form. */
import type { BrowserContext, Page } from "playwright-core";
import { PASSWORD, Site, Tocsin } from "./tocsin";

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
const NOWHERE = "/no/such/place";
const NOTHING = "There is no such page";

/* Within the page, as a link does it: the page is loaded once for all screens. */
const go = (page: Page, route: string) => (page.url() === "about:blank" ? page.goto(server.url + route) : page.evaluate((to) => history.pushState({}, "", to), route));

/* Several screens at once: most of the time each waits. */
async function walk<T>(stops: T[], visit: (page: Page, stop: T) => Promise<string | undefined>) {
  const waiting = [...stops];
  const wrong: string[] = [];
  const hand = async () => {
    const page = site.watch(await context.newPage());
    for (let stop = waiting.shift(); stop; stop = waiting.shift()) {
      const said = await visit(page, stop).catch((error: Error) => error.message.replaceAll("\n", " "));
      if (said) wrong.push(`${stop}: ${said}`);
      const complaints = site.complaints.splice(0).filter((text) => !/status of (403|404|429|500)/.test(text));
      if (complaints.length) wrong.push(`${stop}: ${complaints.join(" | ")}`);
    }
    await page.close();
  };
  await Promise.all(Array.from({ length: 4 }, hand));
  return wrong;
}

test("a viewer walks every screen: it is drawn, or says that they may not", async () => {
  const wrong = await walk(routes, async (page, route) => {
    // By way of nowhere: nothing of the last screen is left.
    await go(page, NOWHERE);
    await page.getByRole("heading", { name: NOTHING }).first().waitFor();
    await go(page, route);
    await page.waitForFunction((nothing) => {
      const title = document.querySelector("main h1");
      return title && title.textContent !== nothing && !document.querySelector("main .shimmer");
    }, NOTHING);
    const text = await page.locator("main").innerText();
    return /undefined|\bNaN\b|\[object|This could not be loaded/.test(text) ? text.slice(0, 200) : text.trim().length < 10 ? "it is empty" : undefined;
  });
  expect(wrong.join("\n")).toBe("");
}, 120_000);

const idOf = (status: number, at: URL) => `walk-${status}-${(at.pathname + at.search).replace(/[^a-zA-Z0-9]+/g, "-")}-end`;

/* Screens that ask for nothing. */
const STILL = new Set(["/settings", "/rules/new"]);

const ANSWERS: Record<number, [title: string, way: string]> = {
  403: ["You may not see this", "Go back"],
  404: ["There is nothing here", "Go back"],
  429: ["Too many requests", "Try again"],
  500: ["This could not be loaded", "Try again"],
};

test("every screen when the server answers 403, 404, 429 or 500", async () => {
  const answer = new Map<Page, number>(); // of each page's requests, at present
  await context.route("**/api/v1/**", (call) => {
    if (FRAME.test(call.request().url())) return call.continue();
    const status = answer.get(call.request().frame().page())!;
    return call.fulfill({ status, headers: { "X-Request-Id": idOf(status, new URL(call.request().frame().url())) }, contentType: "application/problem+json", body: JSON.stringify({ title: "No", status, code: "no", detail: "this is how it is", errors: [] }) });
  });
  // The page tries 429 and 500 again by itself, after seconds: they pass at once.
  await context.addInitScript(() => {
    const wait = window.setTimeout;
    window.setTimeout = ((then: () => void, ms = 0, ...given: []) => wait(then, ms >= 1000 ? 10 : ms, ...given)) as typeof setTimeout;
  });
  const asking = routes.filter((route) => !STILL.has(route) && !route.includes("?tab=")); // the tabs of an incident that is not there are that incident
  const stops = Object.keys(ANSWERS).flatMap((status) => asking.map((route): [number, string] => [Number(status), route]));
  const wrong = await walk(stops, async (page, [status, route]) => {
    const [title, way] = ANSWERS[status]!;
    answer.set(page, status);
    await go(page, route);
    await page.getByText(idOf(status, new URL(server.url + route))).first().waitFor(); // each screen's requests have an id of their own
    await page.getByText(title).first().waitFor();
    await page.getByRole("button", { name: way }).first().waitFor();
    const text = await page.locator("body").innerText();
    return /undefined|\bNaN\b|\[object/.test(text) ? text.slice(0, 200) : undefined;
  });
  await context.unrouteAll({ behavior: "ignoreErrors" });
  expect(wrong.join("\n")).toBe("");
}, 120_000);

/* The stream begins when `go` says so: late, as on a bad line. */
async function lateStream(context: BrowserContext) {
  let go!: () => void;
  const may = new Promise<void>((done) => (go = done));
  await context.route("**/api/v1/stream*", (call) => may.then(() => call.continue()));
  return go;
}

test("what changes between a list's answer and the stream's beginning is shown", async () => {
  const made = await server.api<{ id: string }>("POST", "inhibition-rules", { name: "As loaded", source: [{ name: "a", value: "2" }], target: [{ name: "b", value: "2" }], equal: ["env"] });
  const context = await site.context();
  await (await site.page(server)).context().close(); // signs the owner in
  await context.addCookies(server.session);
  const go = await lateStream(context);
  const page = site.watch(await context.newPage());
  await page.goto(`${server.url}/quiet/inhibition`);
  const shown = (name: string) => page.locator("main").getByText(name, { exact: true }).waitFor();
  await shown("As loaded");
  await server.api("PATCH", `inhibition-rules/${made.id}`, { name: "Changed before" });
  go();
  await shown("Changed before");

  // The tab that reads the stream is closed; what happens before this one reads it comes, too.
  const second = site.watch(await context.newPage());
  await second.goto(`${server.url}/quiet/inhibition`);
  await second.locator("main").getByText("Changed before", { exact: true }).waitFor();
  await context.unrouteAll({ behavior: "ignoreErrors" });
  const goOn = await lateStream(context);
  const asked = context.waitForEvent("request", (request) => request.url().includes("/api/v1/stream"));
  await page.close();
  await asked;
  await server.api("PATCH", `inhibition-rules/${made.id}`, { name: "Changed between" });
  goOn();
  await second.locator("main").getByText("Changed between", { exact: true }).waitFor();
  await context.close();
  await server.api("DELETE", `inhibition-rules/${made.id}`);
});

test("two people at one form: what is typed stays, and both values are shown", async () => {
  const made = await server.api<{ id: string }>("POST", "inhibition-rules", { name: "Before", source: [{ name: "a", value: "1" }], target: [{ name: "b", value: "1" }], equal: ["env"] });
  const page = await site.page(server);
  await page.goto(`${server.url}/quiet/inhibition?edit=${made.id}`);
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Mine");
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
