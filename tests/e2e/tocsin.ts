/* A running Tocsin with an owner, and a browser on it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const BINARY = process.env.TOCSIN_BIN ?? join(__dirname, "../../build/tocsin");
export const EMAIL = "olga@example.org";
export const PASSWORD = "correct horse 42 staple";

type Cookies = Awaited<ReturnType<BrowserContext["cookies"]>>;
type PageOptions = Parameters<Browser["newContext"]>[0] & { path?: string };

export class Tocsin {
  process?: ChildProcess;
  url = "";
  key = "";
  session: Cookies = []; // of who signed in at the form first; later pages of the same server share it
  readonly folder = mkdtempSync(join(tmpdir(), "tocsin-e2e-"));
  port = "0";
  options: string[] = []; // further ones of `serve`

  async start() {
    if (!this.key) {
      writeFileSync(join(this.folder, "password"), PASSWORD);
      execFileSync(BINARY, ["init", "--data", join(this.folder, "data"), "--organization", "Example", "--time-zone", "Europe/Berlin", "--email", EMAIL, "--name", "Olga Owner", "--password-file", join(this.folder, "password")]);
      this.key = readFileSync(join(this.folder, "data/admin.key"), "utf8").trim();
    }
    const child = spawn(BINARY, ["serve", "--data", join(this.folder, "data"), "--listen", `127.0.0.1:${this.port}`, "--outbound-allow", "127.0.0.0/8", ...this.options], { stdio: ["ignore", "pipe", "ignore"] });
    this.process = child;
    this.url = await new Promise<string>((done, failed) => {
      let text = "";
      child.stdout!.on("data", (part: Buffer) => {
        text += part;
        const found = /ready on (\S+)/.exec(text);
        if (found) done(found[1]!);
      });
      child.on("exit", () => failed(new Error("the server ended")));
    });
    this.port = new URL(this.url).port;
    return this;
  }

  /* SIGKILL: as if the cable had been pulled. */
  async stop() {
    const child = this.process;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((done) => child.on("exit", done));
    child.removeAllListeners("exit");
    const again = new Promise((done) => child.on("exit", done));
    child.kill("SIGKILL");
    await Promise.race([gone, again]);
    this.process = undefined;
  }

  async end() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async api<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1/${path}`, { method, headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" }, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  integration(name: string) {
    return this.api<{ id: string; key: string; url: string }>("POST", "integrations", { name, template: "generic" });
  }

  async fire(key: string, event: Record<string, unknown>) {
    const answer = await fetch(`${this.url}/in/${key}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ status: "triggered", ...event }) });
    if (answer.status !== 202) throw new Error(`fire: ${answer.status} ${await answer.text()}`);
  }
}

/* Chromium's own complaints: what our policy forbids, what broke. A refused sign-in and lost connections are on purpose. */
const HARMLESS = /status of 40[01349]|status of 412|net::ERR_/;

export class Site {
  browser!: Browser;
  readonly complaints: string[] = [];

  async open() {
    this.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
    return this;
  }

  async context(options: Parameters<Browser["newContext"]>[0] = {}): Promise<BrowserContext> {
    const made = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
    made.setDefaultTimeout(20_000);
    return made;
  }

  watch(page: Page) {
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !HARMLESS.test(message.text())) this.complaints.push(message.text());
    });
    return page;
  }

  /* A page in a browser of its own, signed in as the owner. */
  async page(server: Tocsin, { path = "/", ...options }: PageOptions = {}): Promise<Page> {
    const context = await this.context(options);
    await context.addCookies(server.session);
    const page = this.watch(await context.newPage());
    await page.goto(server.url + path);
    const door = page.getByRole("heading", { name: "Sign in to Tocsin" });
    await door.or(inside(page)).first().waitFor();
    if (await door.isVisible()) await passDoor(page); // the first one, or a test signed out
    server.session = await context.cookies();
    return page;
  }
}

/* A dialog that the address opened hides the rest. */
const inside = (page: Page) => page.getByRole("navigation", { name: "Main" }).or(page.getByRole("button", { name: "Menu" })).or(page.getByRole("dialog"));

async function passDoor(page: Page) {
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await inside(page).first().waitFor();
}

export async function signIn(page: Page, server: Tocsin, path = "/") {
  await page.goto(server.url + path);
  await passDoor(page);
}

/* A calendar file of shifts: whose, from when, until when. */
export function rotaFile(...shifts: [string, number, number][]) {
  const stamp = (at: number) => `${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
  const events = shifts.flatMap(([who, from, to], i) => ["BEGIN:VEVENT", `UID:${i}`, `DTSTART:${stamp(from)}`, `DTEND:${stamp(to)}`, `SUMMARY:On Call - ${who}`, "END:VEVENT"]);
  const text = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", ...events, "END:VCALENDAR", ""].join("\r\n");
  return { name: "rota.ics", mimeType: "text/calendar", buffer: Buffer.from(text) };
}

/* The screen is drawn, and nothing of it is still being loaded. (The network is never idle: the stream is open.) */
export async function settled(page: Page) {
  await page.locator("main h1").first().waitFor();
  await page.waitForFunction(() => !document.querySelector("main .shimmer"));
}
