/* The timeline as a file: oldest first, as a story is told. */
import type { TimelineEntry } from "@/lib/api";
import { dayName, hourMinute } from "@/lib/time";
import { sentenceOf, text } from "./kinds";

export type Format = "Markdown" | "JSON" | "CSV";

const oldestFirst = (entries: TimelineEntry[]) => [...entries].sort((a, b) => ((a.at ?? "") < (b.at ?? "") ? -1 : (a.at ?? "") > (b.at ?? "") ? 1 : a.id < b.id ? -1 : 1));

export function toMarkdown(title: string, entries: TimelineEntry[], zone: string): string {
  let day = "";
  const lines = [`# ${title}`, "", `Times in ${zone}.`];
  for (const entry of oldestFirst(entries)) {
    const here = dayName(entry.at!, zone);
    if (here !== day) lines.push("", `## ${here}`, "");
    day = here;
    const said = text(entry);
    const what = sentenceOf(entry).replace(/([\\`*_[\]<>#|])/g, "\\$1");
    lines.push(`- **${hourMinute(entry.at!, zone)}** ${what}${entry.key_event ? " (key event)" : ""}`);
    if (said) lines.push(...said.split("\n").map((line) => `  > ${line}`));
  }
  return `${lines.join("\n")}\n`;
}

/* A cell that a spreadsheet would run is made text. */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toCsv(entries: TimelineEntry[]): string {
  const rows = oldestFirst(entries).map((entry) => [entry.at ?? "", entry.kind ?? "", entry.actor?.name ?? "", entry.key_event ? "yes" : "no", sentenceOf(entry), text(entry), entry.id]);
  return [["at", "kind", "actor", "key_event", "what", "text", "id"], ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

const KINDS: Record<Format, { ending: string; type: string }> = {
  Markdown: { ending: "md", type: "text/markdown" },
  JSON: { ending: "json", type: "application/json" },
  CSV: { ending: "csv", type: "text/csv" },
};

export function download(format: Format, name: string, title: string, entries: TimelineEntry[], zone: string) {
  const body = format === "Markdown" ? toMarkdown(title, entries, zone) : format === "CSV" ? toCsv(entries) : `${JSON.stringify(oldestFirst(entries), null, 2)}\n`;
  const url = URL.createObjectURL(new Blob([body], { type: `${KINDS[format].type};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name}.${KINDS[format].ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
