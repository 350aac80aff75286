/* What happened, newest first: days, actors, both times, the noise of machines in runs, key events alone on wish. */
import clsx from "clsx";
import { ArrowUpRight, Bell, BellRing, Check, CircleDot, Clock, Eye, Flame, type LucideIcon, Megaphone, MessageSquare, Pencil, RotateCcw, Split, Star, TriangleAlert, Users } from "lucide-react";
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

const who = (value: unknown): string => (typeof value === "object" && value !== null ? str((value as Data).name) : str(value));
const alert = (d: Data) => [str(d.alert), str(d.title)].filter(Boolean).join(" ");
const until = (d: Data) => (d.until ? ` until ${hourMinute(str(d.until))}` : "");

/* What was done, behind the name of who did it; `alone`: a sentence of its own. */
interface Kind {
  icon: LucideIcon;
  tell: (data: Data) => string;
  alone?: boolean;
}
const KINDS: Record<string, Kind> = {
  created: { icon: TriangleAlert, tell: () => "reported this" },
  declared: { icon: Flame, tell: () => "declared the incident" },
  paged: { icon: BellRing, tell: (d) => `paged ${names(d.users) || "nobody"}${d.level ? ` (level ${str(d.level)})` : ""}` },
  page_unreachable: { icon: BellRing, tell: (d) => `could not tell ${names(d.users) || "anybody"}${d.level ? ` (level ${str(d.level)})` : ""}: no message got through` },
  page_nobody: { icon: BellRing, tell: () => "found nobody to page" },
  page_exhausted: { icon: BellRing, tell: () => "paged everybody; nobody answered" },
  page_started_again: { icon: BellRing, tell: () => "starts paging again: nobody has answered" },
  page_restarted: { icon: BellRing, tell: () => "had the paging start again" },
  page_became_urgent: { icon: BellRing, tell: () => "made the page urgent" },
  escalated_by_hand: { icon: ArrowUpRight, tell: () => "had the next level paged" },
  escalate: { icon: ArrowUpRight, tell: () => "had the next level paged" },
  acknowledgement_timed_out: { icon: BellRing, tell: () => "pages again: the acknowledgement is too old" },
  acknowledge: { icon: Eye, tell: () => "acknowledged" },
  acknowledged: { icon: Eye, tell: () => "acknowledged" },
  unacknowledge: { icon: RotateCcw, tell: () => "handed it back" },
  resolve: { icon: Check, tell: () => "resolved it" },
  resolved: { icon: Check, tell: () => "resolved it" },
  closed: { icon: Check, tell: () => "closed it" },
  reopen: { icon: RotateCcw, tell: () => "opened it again" },
  reopened: { icon: RotateCcw, tell: () => "opened it again" },
  dismiss: { icon: Check, tell: () => "dismissed it" },
  snooze: { icon: Clock, tell: (d) => `snoozed it${until(d)}` },
  hold_ended: { icon: Bell, tell: () => "ended the silence" },
  assigned: { icon: Users, tell: (d) => `gave it to ${who(d.to ?? d.user)}` },
  note: { icon: MessageSquare, tell: () => "wrote" },
  status_update: { icon: Megaphone, tell: () => "said" },
  status: { icon: CircleDot, tell: (d) => `moved it to ${words(str(d.to))}` },
  severity: { icon: CircleDot, tell: (d) => `made it SEV${str(d.to)} (was SEV${str(d.from)})` },
  priority: { icon: CircleDot, tell: (d) => `made it ${str(d.to).toUpperCase()}` },
  title: { icon: Pencil, tell: (d) => `renamed it to “${str(d.to)}”` },
  services: { icon: Pencil, tell: () => "changed the services" },
  role: { icon: Users, tell: (d) => (d.to ? `made ${who(d.to)} ${str(d.role)}` : `took the role of ${str(d.role)} from ${who(d.from)}`) },
  edited: { icon: Pencil, tell: (d) => `changed ${Object.keys(d).map((k) => k.replace(/_ids?$/, "").replaceAll("_", " ")).join(", ") || "it"}` },
  alert_joined: { icon: Bell, alone: true, tell: (d) => `Alert joined: ${alert(d)}` },
  alert_reopened: { icon: Bell, alone: true, tell: (d) => `Alert opened again: ${alert(d)}` },
  alert_resolved: { icon: Check, alone: true, tell: (d) => `Alert resolved: ${alert(d)}` },
  last_alert_resolved: { icon: Check, alone: true, tell: (d) => `The last open alert is resolved: ${alert(d)}` },
  joined: { icon: Users, tell: (d) => (who(d.user) ? `added ${who(d.user)}` : "joined") },
  left: { icon: Users, tell: () => "left" },
  merged: { icon: Split, tell: (d) => `merged it into ${str(d.into ?? d.number)}` },
  merged_from: { icon: Split, tell: (d) => `merged ${str(d.from ?? d.number)} into it` },
  related: { icon: Split, tell: () => "related it to another" },
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
          {!kind?.alone && <span className="font-medium">{entry.actor?.name ?? "Tocsin"}</span>} {kind?.tell(data) ?? words(entry.kind).toLowerCase()}
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
