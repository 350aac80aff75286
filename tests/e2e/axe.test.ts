/* Every screen, loaded once: no violation of WCAG 2.2 A and AA that axe can find, colours in both themes; on a phone and at 200 %
 * nothing is wider than the screen; with reduced motion nothing moves. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { rotaFile, settled, Site, Tocsin } from "./tocsin";

const AXE = readFileSync(join(__dirname, "../../web/node_modules/axe-core/axe.min.js"), "utf8");
const server = new Tocsin();
const site = new Site();
const ids: Record<string, string> = {};
const WIDE = { width: 1280, height: 800 };

beforeAll(async () => {
  await Promise.all([server.start(), site.open()]);
  const me = await server.api<{ id: string }>("GET", "users/olga@example.org");
  const source = await server.integration("Own scripts");
  ids.integration = source.id;
  const service = await server.api<{ id: string }>("POST", "services", { name: "Checkout" });
  for (const priority of ["p1", "p2", "p3", "p4"]) await server.fire(source.key, { title: `A ${priority} problem`, dedup_key: priority, priority, labels: { env: "production" } });
  await server.api("POST", "incidents", { title: "Checkout fails", severity: 1, service_ids: [service.id] });
  const schedule = await server.api<{ id: string }>("POST", "schedules", { name: "Primary", time_zone: "Europe/Berlin", layers: [{ name: "Week", starts_at: "2026-01-05T09:00:00", turn: { every: 1, unit: "week" }, members: [[me.id]] }] });
  ids.schedule = schedule.id;
  ids.holidays = (await server.api<{ id: string }>("POST", "holiday-calendars", { name: "Berlin", ics: "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Christmas Day\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n" })).id;
  await server.api("POST", "pages", { targets: [{ kind: "user", id: me.id }], message: "Call me back" }); // for the hand-off
  const block = { starts_at: new Date(Date.now() + 86_400_000).toISOString(), ends_at: new Date(Date.now() + 2 * 86_400_000).toISOString() };
  await server.api("POST", "schedule-blocks", { schedule_id: schedule.id, name: "Christmas", ...block, shifts: [{ ...block, user_ids: [me.id] }] });
  const rule = await server.api<{ id: string }>("POST", "alert-rules", { name: "Quiet", conditions: [{ field: "priority", op: "in", value: ["p4"] }], actions: [{ type: "suppress", reason: "small" }] });
  ids.rule = rule.id;
  await server.api("POST", "silences", { matchers: [{ name: "priority", value: "p3" }, { name: "env", op: "=~", value: "prod.*" }], for_s: 900, comment: "While it is moved" });
  await server.api("POST", "maintenance-windows", { name: "Patches", service_ids: [service.id], for_s: 7200, rrule: "FREQ=WEEKLY" });
  await server.api("POST", "inhibition-rules", { name: "p1 quiets p2", source: [{ name: "priority", value: "p1" }], target: [{ name: "priority", value: "p2" }], equal: ["env"] });
  await server.api("POST", "heartbeats", { name: "Backup", period_s: 3600, priority: "p2" });
  await server.api("POST", "identity-providers", { name: "Example House", issuer: "http://127.0.0.1:9", client_id: "tocsin" });
});
afterAll(async () => {
  await site.browser?.close();
  await server.end();
});

const RULES = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
const COLOURS = { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } }; // what another theme can change

async function violations(page: Page, options: object): Promise<string[]> {
  return page.evaluate(async (chosen) => {
    const axe = (globalThis as unknown as { axe: { run: (where: unknown, options: unknown) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> } }).axe;
    const found = await axe.run(document, { ...chosen, resultTypes: ["violations"], preload: false });
    return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.html.slice(0, 160)} ${n.failureSummary?.split("\n")[1] ?? ""}`).slice(0, 3).join(" | ")}`);
  }, options);
}

/* What sticks out to the right, or of a dialog below without a way to scroll there. */
async function tooWide(page: Page, width: number, height: number): Promise<string[]> {
  await page.setViewportSize({ width, height });
  return page.evaluate(async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const name = (e: Element) => `<${e.tagName.toLowerCase()} class="${e.getAttribute("class")?.slice(0, 60) ?? ""}"> ${e.textContent!.slice(0, 40)}`;
    const culprit = (box: Element) => [...box.querySelectorAll("*")].find((e) => e.getBoundingClientRect().right > box.getBoundingClientRect().left + box.clientWidth + 1) ?? box;
    const boxes = [document.documentElement, ...document.querySelectorAll("main, [role=dialog]")];
    const wide = boxes.filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => `scrolls sideways by ${box.scrollWidth - box.clientWidth}: ${name(culprit(box))}`);
    const lost = boxes.slice(1).filter((box) => box.matches("[role=dialog]")).filter((box) => box.getBoundingClientRect().top < -1 || box.getBoundingClientRect().bottom > innerHeight + 1);
    return [...wide, ...lost.map((box) => `is higher than the screen: ${name(box)}`)];
  });
}

async function look(page: Page): Promise<string[]> {
  // Through the debugger: the page's policy lets no foreign script in.
  await page.evaluate(AXE);
  const light = await violations(page, RULES);
  const moves = await page.evaluate(() => document.getAnimations().filter((one) => one.playState === "running" && Number(one.effect?.getComputedTiming().duration) > 50).map((one) => `moves: ${(one.effect as KeyframeEffect).target?.className}`));
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForFunction(() => document.documentElement.dataset.theme !== "light"); // pages without script have none
  const dark = await violations(page, COLOURS);
  const zoomed = await tooWide(page, WIDE.width / 2, WIDE.height / 2);
  const phone = await tooWide(page, 390, 780);
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
  const said = (where: string, list: string[]) => list.map((text) => `${where}: ${text}`);
  return [...light, ...moves, ...said("dark", dark), ...said("200 %", zoomed), ...said("390 px", phone)];
}

const screens = (): [string, string, ((page: Page) => Promise<unknown>)?][] => [
  ["home", "/"],
  ["alerts", "/alerts"],
  ["alert", "/alerts/ALERT-1"],
  ["alert, why", "/alerts/ALERT-1", (page) => page.getByRole("tab", { name: "Why" }).click()],
  ["filter menu", "/alerts", (page) => page.getByRole("button", { name: "Filter" }).click()],
  ["selection", "/alerts", (page) => page.getByRole("checkbox", { name: "Select ALERT-1" }).check()],
  ["alert, what was sent", "/alerts/ALERT-1", (page) => page.getByRole("tab", { name: "What was sent" }).click()],
  ["a filter that is wrong", "/alerts?q=priority+%3D%3D"],
  ["columns", "/alerts", (page) => page.getByRole("button", { name: "Columns" }).click()],
  ["views", "/alerts", (page) => page.getByRole("button", { name: "Views" }).click()],
  ["incidents", "/incidents"],
  ["board", "/incidents", (page) => page.getByRole("button", { name: "Board" }).click()],
  ["incident", "/incidents/INC-1"],
  ...["investigation", "work", "review"].map((tab): [string, string] => [`incident, ${tab}`, `/incidents/INC-1?tab=${tab}`]),
  ["an entry put right", "/incidents/INC-1", (page) => page.getByRole("button", { name: "What to do with this entry" }).first().click().then(() => page.getByRole("menuitem", { name: "Put right" }).click())],
  ["declare", "/", (page) => page.keyboard.press("c")],
  ["palette", "/", (page) => page.keyboard.press("Control+k")],
  ["keys", "/", (page) => page.keyboard.press("?")],
  ["silence from an alert", "/alerts/ALERT-1", (page) => page.getByRole("button", { name: "Silence" }).click().then(() => page.getByText(/open alerts? now/).waitFor())],
  ["what belongs together", "/suggestions"],
  ["quiet now", "/quiet"],
  ["held, and then an incident", "/quiet/report"],
  ["silences", "/quiet/silences"],
  ["a silence by expression", "/quiet/silences?edit=new", (page) => page.getByRole("button", { name: "Expression" }).click().then(() => page.getByRole("textbox", { name: "Expression" }).waitFor())],
  ["maintenance", "/quiet/maintenance"],
  ["new window", "/quiet/maintenance?edit=new", (page) => page.getByLabel("Comes again").selectOption("weekly")],
  ["inhibition", "/quiet/inhibition"],
  ["new inhibition rule", "/quiet/inhibition?edit=new"],
  ["heartbeats", "/heartbeats"],
  ["new heartbeat", "/heartbeats?edit=new"],
  ["how to call a heartbeat", "/heartbeats", (page) => page.getByRole("button", { name: "How to call it" }).click()],
  ["on call", "/on-call"],
  ["who would be told", "/on-call", (page) => page.getByRole("button", { name: "Who would be told by Default" }).click().then(() => page.getByRole("dialog").getByText("Level 1").first().waitFor())],
  ["page somebody", "/on-call", (page) => page.getByRole("button", { name: "Page somebody" }).click().then(() => page.getByLabel("Which").selectOption({ label: "Olga Owner" })).then(() => page.getByRole("dialog").getByText("Level 1").first().waitFor())],
  ["schedule, its hand-off and blocks", `/on-call/${ids.schedule}`, (page) => Promise.all([page.getByText(/Paged in this shift/).waitFor(), page.getByRole("link", { name: "Christmas" }).waitFor()])],
  ["a calendar is imported", `/on-call/${ids.schedule}`, (page) => page.getByRole("button", { name: "Import a calendar" }).click().then(() => page.getByLabel("File").setInputFiles(rotaFile(["Zoe Nobody", Date.now() + 3_600_000, Date.now() + 7_200_000]))).then(() => page.getByLabel(/Zoe Nobody/).waitFor())],
  ["a shift, why", `/on-call/${ids.schedule}`, (page) => page.getByRole("group", { name: "Calendar" }).getByRole("button").last().focus()],
  ["readiness", "/on-call/readiness"],
  ["on-call report", "/on-call/report"],
  ["covers", "/on-call/covers"],
  ["a cover is asked for", "/on-call/covers", (page) => page.getByRole("button", { name: "Ask for a cover of Primary" }).first().click()],
  ["my methods", "/on-call/me"],
  ["a new absence", "/on-call/me", (page) => page.getByRole("button", { name: "Add an absence" }).click()],
  ["quiet hours", "/on-call/me", (page) => page.getByRole("button", { name: "Add quiet hours" }).click()],
  ["a calendar's address", "/on-call/me", (page) => page.getByRole("button", { name: "Make an address" }).click().then(() => page.getByRole("button", { name: "Make it" }).click()).then(() => page.getByText("It is shown now only").waitFor())],
  ["new method", "/on-call/me", (page) => page.getByRole("button", { name: "Add", exact: true }).click()],
  ["integrations", "/integrations"],
  ["catalog", "/integrations/new"],
  ["integration", `/integrations/${ids.integration}`],
  ["mapping", `/integrations/${ids.integration}/mapping`, (page) => page.getByRole("button", { name: "Field", exact: true }).click().then(() => page.getByRole("menuitem", { name: /^title/ }).click()).then(() => page.getByRole("textbox", { name: "Expression for title" }).waitFor())],
  ["rules", "/rules"],
  ["rule", `/rules/${ids.rule}`],
  ["rule in CEL, tried", `/rules/${ids.rule}`, (page) => page.getByRole("button", { name: "CEL" }).click().then(() => page.getByRole("button", { name: "Try it" }).click()).then(() => page.getByText(/alerts? fits?/).waitFor())],
  ["settings", "/settings"],
  ["services", "/settings/services"],
  ["people", "/settings/users"],
  ["new policy", "/settings/escalation-policies?edit=new"],
  ["holidays", `/settings/holiday-calendars?edit=${ids.holidays}`, (page) => page.getByRole("dialog").getByText(/^\d+ days?$/).click()],
  ["fixed blocks", "/settings/schedule-blocks"],
  ["new block", "/settings/schedule-blocks?edit=new", (page) => page.getByLabel("Schedule").waitFor()],
  ["provider accounts", "/settings/connectors"],
  ["a new provider account", "/settings/connectors?edit=new", (page) => page.getByLabel("Channel").selectOption("telegram")],
  ["sign-in providers", "/settings/identity-providers?edit=new"],
  ["sessions", "/settings/sessions"],
  ["second factor", "/settings/sessions", (page) => page.getByRole("button", { name: "Set up" }).click().then(() => page.getByRole("img", { name: "QR code" }).waitFor())],
  ["nothing there", "/no/such/place"],
];

/* Before anybody is in. */
async function atTheDoor(found: Map<string, string[]>) {
  const door = await (await site.context({ viewport: WIDE })).newPage();
  await door.goto(server.url);
  await door.getByRole("link", { name: "Sign in with Example House" }).waitFor();
  found.set("sign-in", await look(door));
  await door.getByRole("link", { name: "Sign in with Example House" }).click();
  await door.getByRole("heading", { name: "did not work" }).waitFor();
  found.set("sign-in that failed", await look(door));
  const { url } = await server.api<{ url: string }>("POST", "users/olga@example.org/invite", {});
  await door.goto(url);
  await door.getByLabel("Your password").waitFor();
  found.set("join", await look(door));
  await door.context().close();
}

test("every screen: no violations, nothing wider than a phone, nothing that moves", async () => {
  const found = new Map<string, string[]>();
  const pages = [await site.page(server, { viewport: WIDE }), await site.page(server, { viewport: WIDE })];
  const left = screens();
  const walk = async (page: Page) => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [name, path, act] = next;
      await page.goto(server.url + path);
      await settled(page);
      if (act) {
        await act(page);
        await page.waitForTimeout(200); // what opens is drawn
      }
      found.set(name, await look(page));
    }
  };
  await Promise.all([atTheDoor(found), ...pages.map(walk)]);
  expect(found.size).toBe(screens().length + 3);
  expect([...found].flatMap(([name, list]) => list.map((text) => `${name}: ${text}`)).join("\n")).toBe("");
}, 400_000);
