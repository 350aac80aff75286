/* What happened, newest first: days, actors, both times, the noise of machines in runs, key events alone on wish. */
import clsx from "clsx";
import { ArrowUpRight, Bell, BellRing, Check, CircleDot, Eye, Flame, type LucideIcon, Megaphone, MessageSquare, Pencil, RotateCcw, Star, TriangleAlert, Users } from "lucide-react";
import { Fragment, useState } from "react";
import type { TimelineEntry } from "@/lib/api";
import { useNow } from "@/lib/hooks";
import { dayHead, fullTime, hourMinute } from "@/lib/time";
import { Segments } from "@/ui/form";
import { Markdown } from "@/ui/markdown";
import { words } from "@/ui/marks";
import { Empty, Rows } from "@/ui/parts";

type Data = Record<string, unknown>;
const str = (value: unknown) => (typeof value === "string" || typeof value === "number" ? String(value) : "");
const names = (value: unknown) => (Array.isArray(value) ? value.map(str).filter(Boolean).join(", ") : str(value));

const KINDS: Record<string, { icon: LucideIcon; tell: (data: Data) => string }> = {
  created: { icon: TriangleAlert, tell: () => "reported this" },
  declared: { icon: Flame, tell: () => "declared the incident" },
  paged: { icon: BellRing, tell: (d) => `paged ${names(d.users) || "nobody"}${d.level ? ` (level ${str(d.level)})` : ""}` },
  acknowledged: { icon: Eye, tell: () => "acknowledged" },
  unacknowledged: { icon: RotateCcw, tell: () => "handed it back" },
  resolved: { icon: Check, tell: () => "resolved it" },
  closed: { icon: Check, tell: () => "closed it" },
  reopened: { icon: RotateCcw, tell: () => "opened it again" },
  dismissed: { icon: Check, tell: () => "dismissed it" },
  note: { icon: MessageSquare, tell: () => "wrote" },
  status_update: { icon: Megaphone, tell: (d) => (d.status ? `said: ${words(str(d.status))}` : "said") },
  status_changed: { icon: CircleDot, tell: (d) => `moved it to ${words(str(d.to ?? d.status))}` },
  severity_changed: { icon: CircleDot, tell: (d) => `made it SEV${str(d.to ?? d.severity)}` },
  escalated: { icon: ArrowUpRight, tell: () => "escalated" },
  updated: { icon: Pencil, tell: (d) => `changed ${Object.keys(d).map((k) => k.replaceAll("_", " ")).join(", ") || "it"}` },
  alert_added: { icon: Bell, tell: (d) => `added ${str(d.number ?? d.alert) || "an alert"}` },
  joined: { icon: Users, tell: () => "joined" },
};

export const isNoise = (entry: TimelineEntry) => entry.actor?.kind !== "user" && !entry.key_event && !text(entry);
export const text = (entry: TimelineEntry) => str((entry.data as Data | null)?.text ?? (entry.data as Data | null)?.note);

/* Runs of more than three entries of machines become one line. */
export function group(entries: TimelineEntry[]): (TimelineEntry | TimelineEntry[])[] {
  const out: (TimelineEntry | TimelineEntry[])[] = [];
  let run: TimelineEntry[] = [];
  const end = () => {
    if (run.length > 3) out.push(run);
    else out.push(...run);
    run = [];
  };
  for (const entry of entries) {
    const last = run.at(-1);
    if (isNoise(entry) && (!last || last.kind === entry.kind)) run.push(entry);
    else {
      end();
      if (isNoise(entry)) run.push(entry);
      else out.push(entry);
    }
  }
  end();
  return out;
}

export function Timeline({ entries, pending }: { entries?: TimelineEntry[]; pending?: boolean }) {
  const now = useNow(60_000);
  const [shown, setShown] = useState<"all" | "people" | "key">("all");
  if (pending) return <Rows count={4} />;
  const all = [...(entries ?? [])].sort((a, b) => (a.at === b.at ? (a.id < b.id ? 1 : -1) : a.at! < b.at! ? 1 : -1));
  const some = all.filter((entry) => shown === "all" || (shown === "key" ? entry.key_event : entry.actor?.kind === "user"));
  let day = "";
  return (
    <div>
      {all.length > 5 && (
        <div className="mb-3">
          <Segments
            label="Which entries"
            value={shown}
            onChange={setShown}
            options={[
              { value: "all", label: "All" },
              { value: "people", label: "People" },
              { value: "key", label: "Key events" },
            ]}
          />
        </div>
      )}
      {some.length === 0 && <Empty title={all.length ? "No such entry" : "Nothing has happened yet"} />}
      <ol aria-live="polite" aria-label="Timeline" className="flex flex-col">
        {group(some).map((item) => {
          const first = Array.isArray(item) ? item[0]! : item;
          const head = dayHead(first.at!, now);
          const fresh = head !== day;
          day = head;
          return (
            <Fragment key={first.id}>
              {fresh && (
                <li className="flex items-center gap-3 py-2 text-xs font-medium text-quiet">
                  {head}
                  <span aria-hidden className="h-px flex-1 bg-line" />
                </li>
              )}
              {Array.isArray(item) ? <Run entries={item} /> : <Entry entry={item} />}
            </Fragment>
          );
        })}
      </ol>
    </div>
  );
}

function Run({ entries }: { entries: TimelineEntry[] }) {
  const [open, setOpen] = useState(false);
  if (open) return entries.map((entry) => <Entry key={entry.id} entry={entry} />);
  const kind = KINDS[entries[0]!.kind ?? ""]?.tell((entries[0]!.data ?? {}) as Data) ?? words(entries[0]!.kind);
  return (
    <li className="py-1 pl-9">
      <button type="button" onClick={() => setOpen(true)} className="rounded px-2 py-0.5 text-quiet hover:bg-hover">
        {entries.length} × {kind}, {hourMinute(entries.at(-1)!.at!)}–{hourMinute(entries[0]!.at!)}
      </button>
    </li>
  );
}

function Entry({ entry }: { entry: TimelineEntry }) {
  const data = (entry.data ?? {}) as Data;
  const kind = KINDS[entry.kind ?? ""];
  const Icon = kind?.icon ?? CircleDot;
  const said = text(entry);
  const reason = str(data.reason);
  return (
    <li id={entry.id} className="relative flex gap-3 py-1.5 target:bg-accent-wash">
      <span className={clsx("z-10 mt-0.5 flex size-6 shrink-0 items-center justify-center rounded-full border border-line bg-surface", entry.actor?.kind === "user" ? "text-accent-ink" : "text-quiet")}>
        <Icon className="size-3.5" aria-hidden />
      </span>
      <div className="min-w-0 flex-1 pt-0.5">
        <p className="foreign">
          <span className="font-medium">{entry.actor?.name ?? "Tocsin"}</span> {kind?.tell(data) ?? words(entry.kind).toLowerCase()}
          {entry.key_event && <Star className="ml-1.5 inline size-3.5 text-amber" aria-label="Key event" />}
        </p>
        {said && (
          <div className="mt-1 rounded-md border border-line bg-ground px-3 py-2">
            <Markdown text={said} />
          </div>
        )}
        {reason && !said && <p className="foreign text-quiet">{reason}</p>}
      </div>
      <a href={`#${entry.id}`} title={`${fullTime(entry.at!)}\n${fullTime(entry.at!, "UTC")}`} className="pt-0.5 text-xs text-quiet tabular-nums hover:underline">
        <time dateTime={entry.at!}>{hourMinute(entry.at!)}</time>
      </a>
    </li>
  );
}
