/* From the click to the painted list of alerts, and how smoothly it scrolls, with so many alerts.
 *
 *   node scripts/measure.mjs 10000 1000000 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const program = process.env.TOCSIN_BIN ?? join(root, "build/tocsin");
const BATCH = 500, AT_ONCE = 4, ROUNDS = 9;
const [EMAIL, PASSWORD] = ["olga@example.org", "correct horse 42 staple"];
const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function measure(browser, count) {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-measure-"));
  const data = join(folder, "data");
  writeFileSync(join(folder, "password"), PASSWORD);
  execFileSync(program, ["init", "--data", data, "--organization", "Example", "--email", EMAIL, "--name", "Olga", "--password-file", join(folder, "password")]);
  const server = spawn(program, ["serve", "--data", data, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const url = await new Promise((done) => server.stdout.on("data", (part) => /ready on (\S+)/.test(part) && done(/ready on (\S+)/.exec(part)[1])));
    const key = readFileSync(join(data, "admin.key"), "utf8").trim();
    const api = async (method, path, body) => (await fetch(`${url}/api/v1/${path}`, { method, headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" }, body: body && JSON.stringify(body) })).json();
    // Nobody is paged by them: what is measured is the list.
    await api("POST", "alert-rules", { name: "Quiet", when: "true", actions: [{ type: "suppress" }] });
    const source = await api("POST", "integrations", { name: "Load", template: "generic" });
    let sent = 0;
    const hand = async () => {
      while (sent < count) {
        const from = sent;
        sent += BATCH;
        const alerts = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => ({ title: `Problem ${from + i} of host-${(from + i) % 977}`, dedup_key: `k${from + i}`, priority: `p${((from + i) % 4) + 1}`, labels: { host: `host-${(from + i) % 977}` } }));
        for (;;) {
          const answer = await fetch(`${url}/in/${source.key}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ alerts }) });
          if (answer.status === 202) break;
          await new Promise((done) => setTimeout(done, 200)); // 503: the queue is full
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, hand));
    while (!(await api("GET", `alerts?dedup_key=k${count - 1}&limit=1`)).items?.length) await new Promise((done) => setTimeout(done, 500)); // the backlog
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await page.goto(url);
    await page.getByLabel("E-mail").fill(EMAIL);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    const link = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Alerts" });
    await link.waitFor();
    const cold = [];
    for (let i = 0; i < ROUNDS; i++) {
      await page.goto(url); // nothing is cached of the list
      await link.waitFor();
      cold.push(
        await page.evaluate(
          () =>
            new Promise((done) => {
              const from = performance.now();
              new MutationObserver((_, observer) => {
                if (!document.querySelector('[data-testid="alert-rows"] [role="row"]')) return;
                observer.disconnect();
                requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - from)));
              }).observe(document.body, { childList: true, subtree: true });
              [...document.querySelectorAll("nav a")].find((a) => a.textContent === "Alerts").click();
            }),
        ),
      );
    }
    const scrolled = await page.evaluate(async () => {
      const box = document.querySelector('[data-testid="alert-rows"]');
      const frames = [];
      let last = performance.now();
      for (const end = last + 6000; last < end; ) {
        box.scrollTop += 120;
        await new Promise((done) => requestAnimationFrame(done));
        const now = performance.now();
        frames.push(now - last);
        last = now;
      }
      return { frames, rows: Number(document.querySelector('[role="table"]').getAttribute("aria-rowcount")) - 1, drawn: box.querySelectorAll('[role="row"]').length };
    });
    const late = scrolled.frames.filter((ms) => ms > 50).length;
    console.log(`${count.toLocaleString("en")} alerts: click to painted list ${middle(cold).toFixed(0)} ms (median of ${ROUNDS}, ${Math.min(...cold).toFixed(0)} to ${Math.max(...cold).toFixed(0)}); 6 s of scrolling: ${scrolled.rows} rows came, ${scrolled.drawn} drawn at a time, ${scrolled.frames.length} frames, median ${middle(scrolled.frames).toFixed(1)} ms, ${late} over 50 ms`);
  } finally {
    const ended = new Promise((done) => server.on("exit", done));
    server.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const count of process.argv.slice(2).map(Number)) await measure(browser, count);
await browser.close();
