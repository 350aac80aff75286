/* What people configure: mappings, rules, shifts. */
import { rotaFile, Site, Tocsin } from "./tocsin";

const server = new Tocsin();
const site = new Site();
let source: { id: string; key: string };

beforeAll(async () => {
  await Promise.all([server.start(), site.open()]);
  source = await server.integration("Own scripts");
  await server.fire(source.key, { title: "Disk of db-1 is full", dedup_key: "disk", priority: "p3", labels: { env: "production" } });
  await server.fire(source.key, { title: "Backup was slow", dedup_key: "backup", priority: "p4", labels: { env: "staging" } });
});
afterAll(async () => {
  await site.browser?.close();
  await server.end();
});
afterEach(() => expect(site.complaints.splice(0), "what the browser complained of").toEqual([]));

test("a field is mapped beside what was sent; an error shows its place, the result changes as one types", async () => {
  const page = await site.page(server, { path: `/integrations/${source.id}` });
  await page.getByRole("link", { name: "Mapping" }).click();
  await page.getByLabel("Payload").getByText("Backup was slow").waitFor();
  await page.getByRole("button", { name: "Field", exact: true }).click();
  await page.getByRole("menuitem", { name: /^title/ }).click();
  const field = page.getByRole("textbox", { name: "Expression for title" });
  await field.click();
  await page.keyboard.type('"ours: " + payload.');
  await page.getByRole("option", { name: /^dedup_key/ }).waitFor();
  await page.keyboard.type("title +");
  await page.keyboard.press("Escape");
  await page.getByRole("region", { name: "title" }).getByRole("alert").waitFor();
  await page.locator(".cm-wrong").first().waitFor();
  expect(await page.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await page.locator("dd", { hasText: "ours: Backup was slow" }).waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved: it holds for what is sent").waitFor();
  await server.fire(source.key, { title: "Third", dedup_key: "third", priority: "p4" });
  await page.goto(`${server.url}/alerts`);
  await page.getByRole("row").filter({ hasText: "ours: Third" }).waitFor();
  await page.context().close();
});

test("a rule is two views of one thing, and is tried on what really came before it is saved", async () => {
  const page = await site.page(server, { path: "/rules/new" });
  await page.getByLabel("What people call it").fill("Small things are quiet");
  await page.getByLabel("Value 1").fill("p4");
  await page.getByRole("button", { name: "CEL" }).click();
  const expression = page.getByRole("textbox", { name: "Expression" });
  await expression.getByText('alert.priority in ["p4"]').waitFor();
  await page.getByRole("button", { name: "Rows" }).click();
  expect(await page.getByLabel("Value 1").inputValue()).toBe("p4");
  await page.getByRole("button", { name: "CEL" }).click();
  await expression.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("size(alert.title) > 3 && alert.priority == 'p4'");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Rows" }).click();
  await page.getByText("Rows cannot show this expression").waitFor();
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByText(/of 3 alerts fit/).waitFor();
  expect(await server.api<{ items: unknown[] }>("GET", "alert-rules")).toMatchObject({ items: [] });
  await page.getByRole("button", { name: "Make" }).click();
  await page.waitForURL("**/rules");
  await page.getByText("size(alert.title) > 3").waitFor();
  await page.context().close();
});

test("a part of the last row is drawn over, and covered", async () => {
  const me = await server.api<{ id: string }>("GET", "users/olga@example.org");
  const schedule = await server.api<{ id: string }>("POST", "schedules", { name: "Primary", time_zone: "Europe/Berlin", layers: [{ name: "Week", starts_at: "2026-01-05T09:00:00", turn: { every: 1, unit: "week" }, members: [[me.id]] }] });
  const page = await site.page(server, { path: `/on-call/${schedule.id}` });
  const bar = page.getByRole("group", { name: "Calendar" }).getByRole("button", { name: /On call: Olga Owner/ }).first();
  await bar.hover();
  await page.locator("p").filter({ hasText: "Olga Owner" }).getByText("layer Week, turn 1").waitFor();
  const area = (await bar.boundingBox())!;
  await page.mouse.move(area.x + 40, area.y + area.height / 2);
  await page.mouse.down();
  await page.mouse.move(area.x + 160, area.y + area.height / 2, { steps: 5 });
  await page.mouse.up();
  const dialog = page.getByRole("dialog", { name: "Cover a shift" });
  await dialog.waitFor();
  const [from, to] = [await dialog.getByLabel("From").inputValue(), await dialog.getByLabel("Until").inputValue()];
  expect(from < to).toBe(true);
  expect(from.endsWith(":00")).toBe(true);
  await dialog.getByRole("button", { name: "Cover", exact: true }).click();
  await page.getByText("in place of everyone").waitFor();
  await page.context().close();
});

test("a cover is taken and given back, a swap is offered and taken elsewhere, an absence asks by itself", async () => {
  const me = await server.api<{ id: string }>("GET", "users/olga@example.org");
  const ben = await server.api<{ id: string }>("POST", "users", { name: "Ben Backup", email: "ben@example.org", role: "responder" });
  const schedule = await server.api<{ id: string }>("POST", "schedules", { name: "Shared", time_zone: "Europe/Berlin", layers: [{ name: "Day", starts_at: "2026-01-05T09:00:00", turn: { every: 1, unit: "day" }, members: [[me.id], [ben.id]] }] });
  const range = `from=${new Date().toISOString()}&to=${new Date(Date.now() + 9 * 86_400_000).toISOString()}`;
  const { items } = await server.api<{ items: { schedule_id: string; shifts: { starts_at: string; ends_at: string }[] }[] }>("GET", `on-call?${range}&user_id=${ben.id}`);
  const [, theirs] = items.find((one) => one.schedule_id === schedule.id)!.shifts;
  await server.api("POST", "cover-requests", { schedule_id: schedule.id, user_id: ben.id, starts_at: theirs!.starts_at, ends_at: theirs!.ends_at, message: "My sister marries" });

  const page = await site.page(server, { path: "/on-call/covers" });
  const row = page.getByRole("listitem").filter({ hasText: "My sister marries" });
  await row.getByRole("button", { name: "Take it" }).click();
  await row.getByText("taken by Olga Owner").waitFor();
  expect(await server.api("GET", `overrides?schedule_id=${schedule.id}`)).toMatchObject({ items: [{ user_id: me.id, replaces_user_id: ben.id, starts_at: theirs!.starts_at }] });
  await row.getByRole("button", { name: "Undo" }).click();
  await row.getByRole("button", { name: "Take it" }).waitFor();
  expect(await server.api("GET", `overrides?schedule_id=${schedule.id}`)).toMatchObject({ items: [] });

  // Of the second shift: the first may end while one looks.
  await page.getByRole("button", { name: "Ask for a cover of Shared" }).nth(1).click();
  const dialog = page.getByRole("dialog", { name: "Ask for a cover" });
  await dialog.getByLabel("Whom you ask").selectOption({ label: "Ben Backup" });
  await dialog.getByLabel("In return you take").locator("option").nth(3).waitFor({ state: "attached" });
  await dialog.getByLabel("In return you take").selectOption({ index: 3 });
  await dialog.getByLabel("Why").fill("Two for one");
  await dialog.getByRole("button", { name: "Offer the swap" }).click();
  await dialog.waitFor({ state: "detached" });
  const swap = page.getByRole("listitem").filter({ hasText: "Two for one" });
  await swap.getByText("in return").waitFor();
  const [mine] = (await server.api<{ items: { id: string }[] }>("GET", `cover-requests?status=open&user_id=${me.id}`)).items;
  await server.api("POST", `cover-requests/${mine!.id}/take`, { user_id: ben.id });
  await swap.getByText("taken by Ben Backup").waitFor();

  // The addresses that messages and calendar feeds name.
  await page.goto(`${server.url}/schedules/shared`);
  await page.getByRole("heading", { name: "Shared" }).waitFor();
  await page.goto(`${server.url}/me`);
  await page.getByRole("button", { name: "Add an absence" }).click();
  await page.getByLabel("Reason").fill("Mountains");
  await page.getByRole("button", { name: "I am away" }).click();
  const away = page.getByRole("listitem").filter({ hasText: "Mountains" });
  await away.waitFor();
  await away.getByRole("button", { name: "Remove" }).click();
  await away.waitFor({ state: "detached" });
  await page.context().close();
});

test("the hand-off shows what pages while one looks; a calendar file becomes a layer once everybody in it is somebody here", async () => {
  const fay = await server.api<{ id: string }>("POST", "users", { name: "Fay Fixed", email: "fay@example.org", role: "responder" });
  const schedule = await server.api<{ id: string }>("POST", "schedules", { name: "Taken over", time_zone: "UTC", layers: [{ name: "Always", starts_at: "2026-01-05T09:00:00", turn: { every: 1, unit: "day" }, members: [[fay.id]] }] });
  const page = await site.page(server, { path: `/on-call/${schedule.id}` });
  await page.getByText("Nothing paged in this shift, and nothing is open.").waitFor();
  await server.api("POST", "pages", { targets: [{ kind: "user", id: fay.id }], message: "Look at db-7" });
  await page.getByRole("heading", { name: "Still open (1)" }).waitFor();
  expect(await page.getByRole("link", { name: /Look at db-7/ }).count()).toBe(2);

  await page.getByRole("button", { name: "Import a calendar" }).click();
  const dialog = page.getByRole("dialog", { name: "Import a calendar" });
  const save = dialog.getByRole("button", { name: "Import", exact: true });
  await dialog.getByLabel("File").setInputFiles({ name: "x.ics", mimeType: "text/calendar", buffer: Buffer.from("hello") });
  await dialog.getByText("it has no BEGIN:VCALENDAR").waitFor();
  expect(await save.isDisabled()).toBe(true);
  const [day, hour] = [86_400_000, 3_600_000];
  const begins = Math.ceil(Date.now() / hour) * hour + day;
  await dialog.getByLabel("File").setInputFiles(rotaFile(["Fay Fixed", begins, begins + hour], ["Zoe Nobody", begins + day, begins + day + hour], ["Left Ago", begins + 2 * day, begins + 2 * day + hour]));
  await dialog.getByText("1 shift of 1 person who is known here").waitFor();
  await dialog.getByLabel(/Zoe Nobody/).selectOption({ label: "Olga Owner" });
  expect(await save.isDisabled()).toBe(true);
  await dialog.getByLabel(/Left Ago/).selectOption({ label: "Leave these shifts out" });
  await dialog.getByLabel("Layer").fill("Old rota");
  await save.click();
  await page.getByText("2 shifts in the layer Old rota").waitFor();
  await page.getByRole("group", { name: "Calendar" }).getByRole("button", { name: /^Old rota: Olga Owner/ }).waitFor();
  const { layers } = await server.api<{ layers: { name: string; shifts: { user_ids: string[] }[] }[] }>("GET", `schedules/${schedule.id}`);
  const me = await server.api<{ id: string }>("GET", "users/olga@example.org");
  expect(layers.map((layer) => [layer.name, layer.shifts.map((shift) => shift.user_ids)])).toEqual([["Always", []], ["Old rota", [[fay.id], [me.id]]]]);
  await page.context().close();
});

test("holidays are read from a file, and the days that it says are shown", async () => {
  const page = await site.page(server, { path: "/settings/holiday-calendars?edit=new" });
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("House");
  const buffer = Buffer.from(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", `DTSTART;VALUE=DATE:${new Date().getUTCFullYear() + 1}0101`, "SUMMARY:New Year", "END:VEVENT", "END:VCALENDAR", ""].join("\r\n"));
  await dialog.getByLabel("Read it from a file").setInputFiles({ name: "house.ics", mimeType: "text/calendar", buffer });
  await page.waitForFunction(() => [...document.querySelectorAll("textarea")].some((area) => area.value.includes("New Year")));
  await dialog.getByRole("button", { name: "Make" }).click();
  await page.getByRole("button", { name: "House", exact: true }).click();
  await dialog.getByText("1 day", { exact: true }).click();
  await dialog.getByText("New Year", { exact: true }).waitFor();
  await page.context().close();
});

test("who carried it is shown as the report of the server counts it, and goes out as CSV", async () => {
  const people = [];
  for (const name of ["Cem Carrier", "Dua Dutiful"]) people.push(await server.api<{ id: string }>("POST", "users", { name, email: `${name.slice(0, 3).toLowerCase()}@example.org`, role: "responder" }));
  await server.api("POST", "schedules", { name: "Carried", time_zone: "UTC", layers: [{ name: "Day", starts_at: "2026-01-05T09:00:00", turn: { every: 1, unit: "day" }, members: [people.map((one) => one.id)] }] });
  // Only what was since the schedule was made is reported: some seconds, for both.
  const page = await site.page(server, { path: "/on-call/report" });
  const cell = page.getByRole("row").filter({ hasText: "Cem Carrier" }).getByRole("cell").nth(1);
  const shown = Number(await cell.textContent());
  const link = page.getByRole("link", { name: "CSV" });
  const query = new URL((await link.getAttribute("href"))!, server.url).search;
  const report = await server.api<{ people: { name: string; hours: number }[] }>("GET", `reports/on-call${query}`);
  expect(shown).toBe(Math.round(report.people.find((one) => one.name === "Cem Carrier")!.hours));
  const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
  expect(file.suggestedFilename()).toBe("on-call.csv");
  await page.getByRole("button", { name: "90 days" }).click();
  await page.getByRole("row").filter({ hasText: "Dua Dutiful" }).waitFor();
  await page.getByRole("listitem").filter({ hasText: "Carried" }).getByText("100 % covered").waitFor();
  await page.context().close();
});

test("who was quicker at one field is shown beside what one wanted; another field is no quarrel", async () => {
  const incident = await server.api<{ id: string; number: string }>("POST", "incidents", { title: "Checkout fails", severity: 2 });
  const page = await site.page(server, { path: `/incidents/${incident.number}` });
  await page.getByRole("button", { name: "Change the title" }).click();
  await page.getByLabel("Title").fill("Mine");
  // Held back in this browser, so that the page does not hear of it before it writes.
  let first = true;
  await page.route("**/api/v1/incidents/*", async (route) => {
    if (first && route.request().method() === "PATCH") {
      first = false;
      await server.api("PATCH", `incidents/${incident.id}`, { title: "Theirs" });
    }
    await route.continue();
  });
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Somebody else changed the title" });
  await dialog.getByText("Theirs", { exact: true }).nth(1).waitFor();
  await dialog.getByText("Mine", { exact: true }).waitFor();
  await dialog.getByRole("button", { name: "Use mine" }).click();
  await page.getByRole("heading", { name: "Mine" }).waitFor();
  await page.context().close();
});

test("an account at a provider is added as its channel wants it, tells how it stands, and is tested to oneself", async () => {
  const page = await site.page(server, { path: "/settings/connectors" });
  await page.getByRole("button", { name: "Add the first" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Channel").selectOption("telegram");
  await dialog.getByText("How to get it").click();
  await dialog.getByText(/Make a bot with/).waitFor();
  await dialog.getByLabel("Secret").fill("123:abc");
  await dialog.getByRole("button", { name: "Add" }).click();
  const row = page.getByRole("listitem").filter({ hasText: "Telegram" });
  await row.getByText(/^(Not tried yet|Fails|Refused)/).waitFor(); // its provider is asked by itself, and cannot be reached here
  await row.getByRole("button", { name: "Test" }).click();
  await dialog.getByText("You cannot be reached this way yet").waitFor();
  await page.keyboard.press("Escape");
  await row.getByRole("button", { name: "Edit" }).click();
  await dialog.getByText("Answers come to").waitFor();
  await dialog.getByLabel("It is used").uncheck();
  await dialog.getByRole("button", { name: "Save" }).click();
  await row.getByText("Off", { exact: true }).waitFor();
  await page.context().close();
});
