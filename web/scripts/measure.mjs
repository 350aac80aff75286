/* What the page costs, in a browser on the real program:
 *
 *   node scripts/measure.mjs 10000 1000000    from the click to the painted list of so many alerts, and how it scrolls
 *   node scripts/measure.mjs memory           the tab, after 36,000 events: an hour of ten a second, sent quicker
 *   node scripts/measure.mjs streams          the program, with 200 open streams and ten events a second
 *
 * Processor time is printed beside the clock: on a machine with other work only that says something. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const program = process.env.TOCSIN_BIN ?? join(root, "build/tocsin");
const BATCH = 500, AT_ONCE = 4, ROUNDS = 9;
const EVENTS = 36_000, OPEN = 1000, CHANGES = 250;
const STREAMS = 200, RATE = 10, SECONDS = 20;
const TICK_MS = 10; // of /proc
const [EMAIL, PASSWORD] = ["olga@example.org", "correct horse 42 staple"];
const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

class Server {
  folder = mkdtempSync(join(tmpdir(), "tocsin-measure-"));

  async start() {
    const data = join(this.folder, "data");
    writeFileSync(join(this.folder, "password"), PASSWORD);
    execFileSync(program, ["init", "--data", data, "--organization", "Example", "--email", EMAIL, "--name", "Olga", "--password-file", join(this.folder, "password")]);
    this.process = spawn(program, ["serve", "--data", data, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "ignore"] });
    this.url = await new Promise((done) => this.process.stdout.on("data", (part) => /ready on (\S+)/.test(part) && done(/ready on (\S+)/.exec(part)[1])));
    this.key = readFileSync(join(data, "admin.key"), "utf8").trim();
    // Nobody is paged: what is measured is the page.
    await this.api("POST", "alert-rules", { name: "Quiet", when: "true", actions: [{ type: "suppress" }] });
    this.source = await this.api("POST", "integrations", { name: "Load", template: "generic" });
    return this;
  }

  async api(method, path, body) {
    const answer = await fetch(`${this.url}/api/v1/${path}`, { method, headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
    return answer.json();
  }

  async send(alerts) {
    for (;;) {
      const answer = await fetch(`${this.url}/in/${this.source.key}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ alerts }) });
      if (answer.status === 202) return;
      await sleep(200); // 503: the queue is full
    }
  }

  async fill(count) {
    let sent = 0;
    const hand = async () => {
      while (sent < count) {
        const from = sent;
        sent += BATCH;
        await this.send(Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => alert(from + i)));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, hand));
    while (!(await this.api("GET", `alerts?dedup_key=k${count - 1}&limit=1`)).items?.length) await sleep(500); // the backlog
  }

  cpuMs() {
    const words = readFileSync(`/proc/${this.process.pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(words[11]) + Number(words[12])) * TICK_MS;
  }

  async end() {
    const ended = new Promise((done) => this.process.on("exit", done));
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const alert = (i, more) => ({ title: `Problem ${i} of host-${i % 977}`, dedup_key: `k${i}`, priority: `p${(i % 4) + 1}`, labels: { host: `host-${i % 977}` }, ...more });

/* A signed-in page, and what its main thread has worked so far. */
async function open(browser, server) {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await page.goto(server.url);
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Alerts" }).waitFor();
  const debug = await page.context().newCDPSession(page);
  await debug.send("Performance.enable", { timeDomain: "threadTicks" });
  await debug.send("HeapProfiler.enable");
  const metric = async (name) => (await debug.send("Performance.getMetrics")).metrics.find((one) => one.name === name).value;
  const heapMiB = async () => {
    await debug.send("HeapProfiler.collectGarbage");
    return (await metric("JSHeapUsedSize")) / 1048576;
  };
  return { page, workMs: async () => (await metric("TaskDuration")) * 1000, heapMiB, nodes: () => metric("Nodes") };
}

/* From the click until the second frame after the first row. */
const clickToRows = (page) =>
  page.evaluate(
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
  );

async function list(browser, server, count) {
  await server.fill(count);
  const { page, workMs } = await open(browser, server);
  const cold = [], work = [], answers = [];
  for (let i = 0; i < ROUNDS; i++) {
    await page.goto(server.url); // nothing is cached of the list
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Alerts" }).waitFor();
    await page.waitForFunction(() => !document.querySelector("main .shimmer"));
    const before = await workMs();
    cold.push(await clickToRows(page));
    work.push((await workMs()) - before);
    answers.push(await page.evaluate(() => Math.max(...performance.getEntriesByType("resource").filter((one) => /\/api\/v1\/alerts\?/.test(one.name)).map((one) => one.responseEnd - one.requestStart))));
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
  const before = server.cpuMs();
  for (let i = 0; i < 100; i++) await server.api("GET", "alerts?status=triggered&status=acknowledged&sort=-id&limit=100");
  const late = scrolled.frames.filter((ms) => ms > 50).length;
  console.log(`${count.toLocaleString("en")} alerts: click to painted list ${middle(cold).toFixed(0)} ms (median of ${ROUNDS}, ${Math.min(...cold).toFixed(0)} to ${Math.max(...cold).toFixed(0)}), of it the answer ${middle(answers).toFixed(0)} ms; the page's thread worked ${middle(work).toFixed(0)} ms (least ${Math.min(...work).toFixed(0)}), the program ${((server.cpuMs() - before) / 100).toFixed(1)} ms a page of 100; 6 s of scrolling: ${scrolled.rows} rows came, ${scrolled.drawn} drawn at a time, ${scrolled.frames.length} frames, median ${middle(scrolled.frames).toFixed(1)} ms, ${late} over 50 ms`);
}

async function memory(browser, server) {
  await server.fill(OPEN);
  const { page, workMs, heapMiB, nodes } = await open(browser, server);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Alerts" }).click();
  await page.getByRole("row").nth(5).waitFor();
  const start = [await heapMiB(), await nodes(), await workMs()];
  console.log(`memory: ${start[0].toFixed(1)} MiB of JavaScript and ${start[1]} nodes at the start`);
  for (let sent = 0; sent < EVENTS; sent += CHANGES) {
    // Each is a change that the list shows: resolved, triggered again, another title.
    await server.send(Array.from({ length: CHANGES }, (_, i) => alert((sent + i) % OPEN, { title: `Problem ${(sent + i) % OPEN}, told ${sent + i}`, status: Math.floor(sent / OPEN) % 2 ? "triggered" : "resolved" })));
    await sleep(150);
    if ((sent + CHANGES) % 12_000 === 0) console.log(`memory: after ${(sent + CHANGES).toLocaleString("en")} events ${(await heapMiB()).toFixed(1)} MiB, ${await nodes()} nodes, the page's thread worked ${(((await workMs()) - start[2]) / 1000).toFixed(1)} s`);
  }
}

async function streams(_, server) {
  await server.fill(OPEN);
  const run = async (from) => {
    const before = server.cpuMs();
    for (let i = 0; i < RATE * SECONDS; i++) {
      await server.send([alert(from + i, { status: "resolved" })]);
      await sleep(1000 / RATE);
    }
    return (server.cpuMs() - before) / 10 / SECONDS;
  };
  const alone = await run(0);
  let bytes = 0;
  const ends = Array.from({ length: STREAMS }, () => new AbortController());
  await Promise.all(
    ends.map(async (end) => {
      const answer = await fetch(`${server.url}/api/v1/stream`, { headers: { Authorization: `Bearer ${server.key}`, Accept: "text/event-stream" }, signal: end.signal });
      if (!answer.ok) throw new Error(`a stream was refused: ${answer.status}`);
      void answer.body.pipeTo(new WritableStream({ write: (part) => void (bytes += part.length) })).catch(() => undefined);
    }),
  );
  const idleFrom = server.cpuMs();
  await sleep(5000);
  const idle = (server.cpuMs() - idleFrom) / 10 / 5;
  const together = await run(RATE * SECONDS);
  for (const end of ends) end.abort();
  console.log(`${STREAMS} streams: ${together.toFixed(1)} % of a core with ${RATE} events/s (${(bytes / 1024 / STREAMS / SECONDS).toFixed(1)} KiB/s to each), ${idle.toFixed(1)} % with none; without streams ${alone.toFixed(1)} %`);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const what of process.argv.slice(2)) {
  const server = new Server();
  try {
    await server.start();
    await ({ memory, streams }[what] ?? list)(browser, server, Number(what));
  } finally {
    await server.end();
  }
}
await browser.close();
