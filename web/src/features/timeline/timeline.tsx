/* What happened: days, actors, both times, what is new to you, the noise of machines in runs, key events, exports. */
import clsx from "clsx";
import { ArrowDown, ArrowDownWideNarrow, ArrowUp, ArrowUpNarrowWide, ChevronRight, CircleDot, Download, EllipsisVertical, Star } from "lucide-react";
import { Fragment, useEffect, useRef, useState } from "react";
import { api, type TimelineEntry } from "@/lib/api";
import { useHash, useKept, useNow } from "@/lib/hooks";
import { queryClient, useCan } from "@/lib/query";
import { ago, dayHead, fullTime, hourMinute } from "@/lib/time";
import { Button, IconButton } from "@/ui/button";
import { Segments } from "@/ui/form";
import { Markdown } from "@/ui/markdown";
import { words } from "@/ui/marks";
import { Menu, MenuItem } from "@/ui/overlay";
import { Empty, Rows } from "@/ui/parts";
import { toastProblem } from "@/ui/toast";
import { Correct, History } from "./correct";
import type { Format } from "./export";
import { about, type Data, isNoise, KINDS, str, text } from "./kinds";

const DAY_MS = 86_400_000;

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

type Shown = "all" | "key" | "people" | "paging" | "alerts";
const FILTERS: { value: Shown; label: string }[] = [
  { value: "all", label: "All" },
  { value: "key", label: "Key events" },
  { value: "people", label: "People" },
  { value: "paging", label: "Paging" },
  { value: "alerts", label: "Alerts" },
];

/* The newest entry that was here when the reader came last. Ids grow with time. */
function useSeen(subject: string | undefined, newest: string | undefined) {
  const name = `tocsin.seen.${subject}`;
  const [seen] = useState(() => (subject ? localStorage.getItem(name) : null));
  useEffect(() => {
    if (subject && newest) localStorage.setItem(name, newest);
  }, [subject, newest, name]);
  return seen;
}

interface Props {
  entries?: TimelineEntry[];
  pending?: boolean;
  subject?: { id: string }; // of what: for what is new to the reader
  onExport?: (format: Format) => void;
}

export function Timeline({ entries, pending, subject, onExport }: Props) {
  const now = useNow(60_000);
  const [shown, setShown] = useState<Shown>("all");
  const linked = useHash();
  const top = useRef<HTMLOListElement>(null);
  const [order, setOrder] = useKept<"newest" | "oldest">("timeline.order", "newest");
  const newest = entries?.reduce((top, entry) => (entry.id > top ? entry.id : top), "");
  const seen = useSeen(subject?.id, newest);
  if (pending) return <Rows count={4} />;
  const all = [...(entries ?? [])].sort((a, b) => (a.at === b.at ? (a.id < b.id ? 1 : -1) : a.at! < b.at! ? 1 : -1));
  if (order === "oldest") all.reverse();
  const some = all.filter((entry) => shown === "all" || entry.id === linked || (shown === "key" ? entry.key_event : about(entry) === shown));
  const fresh = seen ? some.filter((entry) => entry.id > seen) : [];
  // The line lies between what is new and what is known: before the first known entry, or the first new one.
  const border = fresh.length && fresh.length < some.length ? (order === "newest" ? some.find((entry) => entry.id <= seen!) : fresh[0])?.id : undefined;
  let day = "";
  return (
    <div>
      {all.length > 3 && (
        <div className="mb-3 flex flex-wrap items-center gap-2">
          <Segments label="Which entries" value={shown} onChange={setShown} options={FILTERS} />
          <span className="flex-1" />
          <IconButton small label={order === "newest" ? "Oldest first" : "Newest first"} onClick={() => setOrder(order === "newest" ? "oldest" : "newest")}>
            {order === "newest" ? <ArrowDownWideNarrow className="size-4" aria-hidden /> : <ArrowUpNarrowWide className="size-4" aria-hidden />}
          </IconButton>
          {onExport && (
            <Menu
              trigger={
                <IconButton small label="Export the timeline">
                  <Download className="size-4" aria-hidden />
                </IconButton>
              }
            >
              {(["Markdown", "JSON", "CSV"] as Format[]).map((format) => (
                <MenuItem key={format} onSelect={() => onExport(format)}>
                  {format}
                </MenuItem>
              ))}
            </Menu>
          )}
        </div>
      )}
      {some.length === 0 && <Empty title={all.length ? "No such entry" : "Nothing has happened yet"} />}
      <ol ref={top} aria-live="polite" aria-label="Timeline" className="flex flex-col">
        {group(some).map((item) => {
          const list = Array.isArray(item) ? item : [item];
          const first = list[0]!;
          const head = dayHead(first.at!, now);
          const another = head !== day;
          day = head;
          return (
            <Fragment key={first.id}>
              {border && list.some((entry) => entry.id === border) && <Line red text={order === "newest" ? "Above is new since your last visit" : "Below is new since your last visit"} />}
              {another && <Line text={head} />}
              {Array.isArray(item) ? <Run entries={item} now={now} linked={linked} /> : <Entry entry={item} now={now} linked={item.id === linked} />}
            </Fragment>
          );
        })}
      </ol>
      <ToNow list={top} order={order} />
    </div>
  );
}

/* Far down in a long story: the way back to what happens now. */
function ToNow({ list, order }: { list: React.RefObject<HTMLOListElement | null>; order: "newest" | "oldest" }) {
  const [away, setAway] = useState(false);
  useEffect(() => {
    const look = () => {
      const box = list.current?.getBoundingClientRect();
      setAway(!!box && (order === "newest" ? box.top < -600 : box.bottom > innerHeight + 600));
    };
    addEventListener("scroll", look, { capture: true, passive: true });
    return () => removeEventListener("scroll", look, { capture: true });
  }, [list, order]);
  if (!away) return null;
  return (
    <div className="pointer-events-none sticky bottom-4 flex justify-center">
      <Button small className="pointer-events-auto shadow-lg" onClick={() => list.current?.scrollIntoView({ block: order === "newest" ? "start" : "end" })}>
        {order === "newest" ? <ArrowUp className="size-3.5" aria-hidden /> : <ArrowDown className="size-3.5" aria-hidden />} To now
      </Button>
    </div>
  );
}

function Line({ text: label, red }: { text: string; red?: boolean }) {
  return (
    <li className={clsx("flex items-center gap-3 py-2 text-xs font-medium", red ? "text-red" : "text-quiet")}>
      {label}
      <span aria-hidden className={clsx("h-px flex-1", red ? "bg-red" : "bg-line")} />
    </li>
  );
}

function Run({ entries, now, linked }: { entries: TimelineEntry[]; now: number; linked?: string }) {
  const [chosen, setOpen] = useState<boolean>();
  const open = chosen ?? entries.some((entry) => entry.id === linked);
  const kind = KINDS[entries[0]!.kind ?? ""]?.tell((entries[0]!.data ?? {}) as Data) ?? words(entries[0]!.kind);
  const times = [entries[0]!.at!, entries.at(-1)!.at!].sort();
  return (
    <>
      <li className="py-1 pl-9">
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="inline-flex items-center gap-1 rounded px-2 py-0.5 text-left text-quiet hover:bg-hover max-md:min-h-9">
          <ChevronRight className={clsx("size-3.5 shrink-0", open && "rotate-90")} aria-hidden />
          {entries.length} × {kind}, {hourMinute(times[0]!)}–{hourMinute(times[1]!)}
        </button>
      </li>
      {open && entries.map((entry) => <Entry key={entry.id} entry={entry} now={now} linked={entry.id === linked} />)}
    </>
  );
}

async function mark(entry: TimelineEntry) {
  try {
    await api(`POST /timeline/{id}/${entry.key_event ? "unpin" : "pin"}`, { id: entry.id });
  } catch (error) {
    toastProblem("It was not marked", error);
  }
  void queryClient.invalidateQueries({ queryKey: ["timeline"] });
}

function Entry({ entry, now, linked }: { entry: TimelineEntry; now: number; linked?: boolean }) {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (linked) row.current?.scrollIntoView({ block: "center" });
  }, [linked]);
  const data = (entry.data ?? {}) as Data;
  const kind = KINDS[entry.kind ?? ""];
  const Icon = kind?.icon ?? CircleDot;
  const said = text(entry);
  const reason = str(data.reason);
  return (
    <li ref={row} id={entry.id} aria-current={linked || undefined} className={clsx("group relative flex gap-3 py-1.5", linked && "-mx-2 rounded-md bg-accent-wash px-2")}>
      <span className={clsx("z-10 mt-0.5 flex size-6 shrink-0 items-center justify-center rounded-full border border-line bg-surface", entry.actor?.kind === "user" ? "text-accent-ink" : "text-quiet")}>
        <Icon className="size-3.5" aria-hidden />
      </span>
      <div className="min-w-0 flex-1 pt-0.5">
        <p className="foreign">
          {!kind?.alone && <span className="font-medium">{entry.actor?.name ?? "Tocsin"}</span>} {kind?.tell(data) ?? words(entry.kind).toLowerCase()}
          {entry.key_event && <Star className="ml-1.5 inline size-3.5 fill-current text-amber" aria-label="Key event" />}
          {entry.edited_at && (
            <span className="ml-1.5 text-xs text-quiet" title={fullTime(entry.edited_at)}>
              edited
            </span>
          )}
        </p>
        {said && (
          <div className="mt-1 rounded-md border border-line bg-ground px-3 py-2">
            <Markdown text={said} />
          </div>
        )}
        {reason && !said && <p className="foreign text-quiet">{reason}</p>}
      </div>
      <EntryMenu entry={entry} />
      <a href={`#${entry.id}`} title={`${fullTime(entry.at!)}\n${fullTime(entry.at!, "UTC")}`} className="relative flex min-w-16 flex-col items-end pt-0.5 text-xs text-quiet tabular-nums hover:underline">
        <span className="sr-only">Link to this entry,</span>
        <time dateTime={entry.at!}>{hourMinute(entry.at!)}</time>
        {now - Date.parse(entry.at!) < DAY_MS && <span>{ago(entry.at!, now)}</span>}
      </a>
    </li>
  );
}

function EntryMenu({ entry }: { entry: TimelineEntry }) {
  const [over, setOver] = useState<"correct" | "history">();
  const may = useCan("timeline", "correct");
  if (!may && !entry.edited_at) return null;
  return (
    <>
      <Menu
        trigger={
          <IconButton small label="What to do with this entry" className="opacity-0 group-hover:opacity-100 focus-visible:opacity-100 aria-expanded:opacity-100 max-md:opacity-100">
            <EllipsisVertical className="size-4" aria-hidden />
          </IconButton>
        }
      >
        {may && <MenuItem onSelect={() => void mark(entry)}>{entry.key_event ? "No key event" : "Mark as key event"}</MenuItem>}
        {may && <MenuItem onSelect={() => setOver("correct")}>Put right…</MenuItem>}
        <MenuItem onSelect={() => setOver("history")}>What stood there before</MenuItem>
      </Menu>
      {over === "correct" && <Correct entry={entry} onClose={() => setOver(undefined)} />}
      {over === "history" && <History entry={entry} onClose={() => setOver(undefined)} />}
    </>
  );
}
