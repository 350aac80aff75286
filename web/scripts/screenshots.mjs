/* Every screen of `tocsin demo` in light, dark and on a phone, into docs/img. Starts a demo of its own and lets it fill.
 *
 *   node scripts/screenshots.mjs [NAME…]     NAME: only these screens */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const out = join(root, "docs/img");
const only = process.argv.slice(2);
const FILL_MS = Number(process.env.FILL_S ?? 60) * 1000;
const folder = mkdtempSync(join(tmpdir(), "tocsin-shots-"));
const demo = spawn(join(root, "build/tocsin"), ["demo", "--data", join(folder, "data"), "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "ignore"] });
const url = await new Promise((done) => {
  let text = "";
  demo.stdout.on("data", (part) => {
    text += part;
    const found = /ready on (\S+)/.exec(text);
    if (found) done(found[1]);
  });
});
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  await new Promise((done) => setTimeout(done, FILL_MS));
  const key = readFileSync(join(folder, "data/admin.key"), "utf8").trim();
  const api = async (method, path, body) => {
    const answer = await fetch(`${url}/api/v1/${path}`, { method, headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
    return answer.json();
  };
  const { items: incidents } = await api("GET", "incidents?limit=1");
  // A morning's worth: a list with two rows shows nothing of a list.
  const scripts = await api("POST", "integrations", { name: "Nagios", template: "generic", team_id: "platform" });
  const morning = [
    ["Replica of orders-db lags 94 s behind", "p2", "orders-database", "orders-db-2"],
    ["Queue of outgoing mail holds 18,204 messages", "p3", "message-queue", "mq-1"],
    ["Certificate of accounts.example.org ends in 6 days", "p3", "accounts", "edge-1"],
    ["Search answers in 2.4 s (p95)", "p2", "search", "search-3"],
    ["Disk /var of search-3 is 91 % full", "p3", "search", "search-3"],
    ["Nightly load is 40 min behind", "p4", "data-warehouse", "etl-1"],
    ["Swap of etl-1 grows", "p4", "data-warehouse", "etl-1"],
    ["3 of 40 sign-ins fail", "p2", "accounts", "accounts-7"],
    ["Cache hit rate fell to 61 %", "p3", "storefront-web", "edge-2"],
    ["Clock of mq-2 is 1.8 s ahead", "p4", "message-queue", "mq-2"],
    ["No backup of accounts since Sunday", "p3", "accounts", "backup-1"],
    ["Fan 2 of rack 14 stands still", "p4", undefined, "rack-14"],
  ];
  for (const [i, [title, priority, service, host]] of morning.entries())
    for (let times = 0; times <= (i * 5) % 7; times++)
      await fetch(`${url}/in/${scripts.key}`, { method: "POST", body: JSON.stringify({ title, priority, service, status: "triggered", dedup_key: title, labels: { env: "production", host } }) });
  const { items: open } = await api("GET", "alerts?limit=12&sort=-id");
  for (const one of open.slice(3, 8)) await api("POST", `alerts/${one.id}/acknowledge`, {});
  const incident = incidents[0] ?? (await api("POST", "incidents", { title: "Checkout fails for a third of orders", severity: 1 }));
  await api("POST", `incidents/${incident.id}/acknowledge`, {});
  await api("PATCH", `incidents/${incident.id}`, { commander_id: "bob@example.org" });
  await api("POST", `incidents/${incident.id}/status-updates`, { text: "The payment provider times out; traffic goes to the second one.", status: "fixing" });
  const schedule = (await api("GET", "schedules?limit=2")).items.at(-1);
  const integration = (await api("GET", "integrations?limit=1")).items[0];
  const rule = (await api("GET", "alert-rules?limit=2")).items.at(-1);
  await api("POST", "silences", { matchers: [{ name: "service", value: "search" }, { name: "severity", op: "=~", value: "warning|info" }], for_s: 1500, comment: "The index is rebuilt; Dev is on it" });
  await api("POST", "silences", { matchers: [{ name: "job", value: "postgres-exporter" }], until_resolved: true, comment: "Known, the disk comes tomorrow" });
  await api("POST", "maintenance-windows", { name: "Weekly patches", service_ids: ["accounts"], team_id: "platform", starts_at: new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000 + 30 * 3_600_000).toISOString(), for_s: 14400, rrule: "FREQ=DAILY;INTERVAL=7", time_zone: "Europe/Berlin" });
  await api("POST", "maintenance-windows", { name: "Upgrade of the warehouse", service_ids: ["data-warehouse"], for_s: 172800, comment: "To version 17" });
  await api("POST", "inhibition-rules", { name: "A slow provider slows the checkout", source: [{ name: "service", value: "payments-api" }], target: [{ name: "service", value: "checkout" }], equal: ["env"] });
  const backup = await api("POST", "heartbeats", { name: "Backup of the orders", period_s: 86400, grace_s: 3600, service_id: "orders-database", priority: "p2" });
  await fetch(`${backup.url}/0`, { method: "POST", body: "3.1 GB in 4 min" });
  await api("POST", "heartbeats", { name: "Nightly load of the warehouse", cron: "30 2 * * *", grace_s: 1800, service_id: "data-warehouse" });
  const screens = [
    ["home", "/"],
    ["alerts", "/alerts"],
    ["alert", "/alerts/ALERT-1"],
    ["incidents", "/incidents"],
    ["incident", `/incidents/${incident.number}`],
    ["quiet", "/quiet"],
    ["silences", "/quiet/silences"],
    ["silence", "/alerts/ALERT-1", async (page) => {
      await page.getByRole("button", { name: "Silence" }).click();
      await page.getByText(/open alerts? now/).waitFor();
    }],
    ["maintenance", "/quiet/maintenance"],
    ["inhibition", "/quiet/inhibition"],
    ["heartbeats", "/heartbeats"],
    ["on-call", "/on-call"],
    ["schedule", `/on-call/${schedule.id}`],
    ["integrations", "/integrations"],
    ["catalog", "/integrations/new"],
    ["integration", `/integrations/${integration.id}`],
    ["mapping", `/integrations/${integration.id}/mapping`, async (page) => {
      await page.getByRole("button", { name: "Field", exact: true }).click();
      await page.getByRole("menuitem", { name: /^title/ }).click();
      await page.getByRole("textbox", { name: "Expression for title" }).click();
      await page.keyboard.type("payload.");
    }],
    ["rules", "/rules"],
    ["rule", `/rules/${rule.id}`],
    ["rule-tried", `/rules/${rule.id}`, async (page) => {
      await page.getByRole("button", { name: "CEL" }).click();
      await page.getByRole("button", { name: "Try it" }).click();
      await page.getByText(/alerts? fits?/).waitFor();
    }],
    ["methods", "/on-call/me"],
    ["second-factor", "/settings/sessions", (page) => page.getByRole("button", { name: "Set up" }).click()],
    ["settings", "/settings"],
    ["services", "/settings/services"],
    ["policy", "/settings/escalation-policies?edit=new"],
    ["palette", "/", (page) => page.keyboard.press("Control+k")],
    ["declare", "/", (page) => page.keyboard.press("c")],
  ].filter(([name]) => !only.length || only.includes(name));
  const looks = [
    ["light", { colorScheme: "light", viewport: { width: 1280, height: 800 } }],
    ["dark", { colorScheme: "dark", viewport: { width: 1280, height: 800 } }],
    ["phone", { colorScheme: "dark", viewport: { width: 390, height: 780 }, deviceScaleFactor: 1, isMobile: true, hasTouch: true }],
  ];
  for (const [look, options] of looks) {
    const page = await (await browser.newContext({ ...options, reducedMotion: "reduce" })).newPage();
    await page.goto(url);
    await page.getByLabel("E-mail").waitFor();
    if (!only.length) await page.screenshot({ path: join(out, `sign-in-${look}.png`) });
    await page.getByLabel("E-mail").fill("sam@example.org");
    await page.getByLabel("Password").fill("ring the bell");
    await page.keyboard.press("Enter");
    await page.getByLabel("E-mail").waitFor({ state: "detached" });
    await page.locator("main h1").waitFor();
    for (const [name, path, act] of screens) {
      await page.goto(url + path);
      await page.waitForFunction(() => document.querySelector("main h1, main h2") && !document.querySelector("main .shimmer"), null, { timeout: 8000 }).catch(() => undefined);
      await page.waitForTimeout(300);
      if (act) {
        await act(page);
        await page.waitForTimeout(400);
      }
      await page.mouse.move(options.viewport.width - 1, options.viewport.height - 1); // nothing is pointed at
      await page.screenshot({ path: join(out, `${name}-${look}.png`) });
    }
    await page.context().close();
  }
} finally {
  await browser.close();
  const ended = new Promise((done) => demo.on("exit", done));
  demo.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
