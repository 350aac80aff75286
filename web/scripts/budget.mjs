/* What a browser loads, against what it may: JavaScript and CSS of the first screen, each screen and editor beside it, and the page
 * that acknowledges. Fails when something is over. Reads web/dist, in brotli as it is sent. */
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const KIB = 1024;
const FIRST_JS = 190 * KIB, FIRST_CSS = 25 * KIB, SCREEN = 60 * KIB, EDITOR = 130 * KIB, ACK = 50 * KIB;
const web = join(dirname(fileURLToPath(import.meta.url)), "..");
const manifest = JSON.parse(readFileSync(join(web, "dist/.vite/manifest.json"), "utf8"));
const bytes = (file) => statSync(join(web, "dist", `${file}.br`)).size;

/* A chunk with all that it needs at once. */
function needs(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) needs(next, seen);
  return seen;
}
const sum = (keys) => [...keys].reduce((total, key) => total + bytes(manifest[key].file), 0);

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const first = needs(entry);
const css = [...first].flatMap((key) => manifest[key].css ?? []).reduce((total, file) => total + bytes(file), 0);
const rows = [
  ["first load, JavaScript", sum(first), FIRST_JS],
  ["first load, CSS", css, FIRST_CSS],
];
for (const key of Object.keys(manifest).filter((name) => manifest[name].isDynamicEntry))
  rows.push([key.replace(/^src\//, ""), sum([...needs(key)].filter((one) => !first.has(one))), key.includes("cel-editor") ? EDITOR : SCREEN]);

rows.push(["page that acknowledges, plain", statSync(join(web, "../catalog/pages/ack.html.mustache")).size, ACK]);

let over = 0;
for (const [name, size, most] of rows.sort((a, b) => b[1] / b[2] - a[1] / a[2])) {
  const bad = size > most;
  over += bad;
  console.log(`${bad ? "OVER" : "    "} ${(size / KIB).toFixed(1).padStart(7)} of ${String(most / KIB).padStart(3)} KiB  ${name}`);
}
if (over) {
  console.error(`web-budget: ${over} over their budget`);
  process.exit(1);
}
