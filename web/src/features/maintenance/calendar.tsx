/* Four weeks of maintenance: what is when, a row for each window. Drawn from what the server says; days are those of the zone. */
import { useQuery } from "@tanstack/react-query";
import clsx from "clsx";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useState } from "react";
import { useNow } from "@/lib/hooks";
import { dayName, hourMinute, localZone, midnight, untilText } from "@/lib/time";
import { Button, IconButton } from "@/ui/button";
import { Card, Empty, Failure, Skeleton } from "@/ui/parts";
import { days, place } from "../oncall/calendar";
import { calendarQuery } from "./api";

const DAY = 86_400_000;
const SPANS = { week: 7, weeks: 28 };

interface Occurrence {
  id: string;
  name: string;
  starts_at: string;
  ends_at: string;
}

export function byWindow(items: Occurrence[]) {
  const rows = new Map<string, Occurrence[]>();
  for (const item of items) rows.set(item.id, [...(rows.get(item.id) ?? []), item]);
  return [...rows.values()];
}

export function WindowCalendar({ onOpen }: { onOpen: (id: string) => void }) {
  const zone = localZone();
  const now = useNow(60_000);
  const [shift, setShift] = useState(0);
  const [span, setSpan] = useState<keyof typeof SPANS>("weeks");
  const from = midnight(now, zone, shift * SPANS[span]);
  const to = midnight(now, zone, shift * SPANS[span] + SPANS[span]);
  const query = useQuery(calendarQuery(from, to));
  const rows = byWindow(query.data?.items ?? []);
  const marks = days(from, to, zone);
  const every = span === "week" ? 1 : 4;
  const nowAt = place(from, to, now, now + 1);
  return (
    <Card
      flush
      className="mb-4"
      title={
        <>
          {dayName(from, zone)} – {dayName(to - DAY / 2, zone)}
        </>
      }
      actions={
        <div className="flex items-center gap-1">
          <Button small onClick={() => (setShift(0), setSpan(span === "week" ? "weeks" : "week"))}>
            {span === "week" ? "4 weeks" : "1 week"}
          </Button>
          <IconButton small label="Earlier" onClick={() => setShift(shift - 1)}>
            <ChevronLeft className="size-4" aria-hidden />
          </IconButton>
          <Button small disabled={shift === 0} onClick={() => setShift(0)}>
            Today
          </Button>
          <IconButton small label="Later" onClick={() => setShift(shift + 1)}>
            <ChevronRight className="size-4" aria-hidden />
          </IconButton>
        </div>
      }
    >
      {query.isPending ? (
        <Skeleton className="m-4 h-24" />
      ) : query.isError && !query.data ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : rows.length === 0 ? (
        <Empty title="No maintenance in these days" />
      ) : (
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Calendar of maintenance">
          <div className="relative min-w-[40rem] pb-2">
            <div className="ml-36 flex overflow-hidden sm:ml-52 h-8 items-end border-b border-line text-2xs text-quiet" aria-hidden>
              {marks.map((mark, i) => (
                <span key={mark} className="h-full min-w-0 flex-1 border-l border-line pt-3 pl-1 whitespace-nowrap first:border-0">
                  {i % every === 0 && dayName(mark, zone)}
                </span>
              ))}
            </div>
            {rows.map((list) => (
              <div key={list[0]!.id} className="flex h-10 items-center border-b border-line last:border-0">
                <button type="button" onClick={() => onOpen(list[0]!.id)} title={list[0]!.name} className="foreign w-36 shrink-0 truncate sm:w-52 px-4 text-left font-medium hover:underline">
                  {list[0]!.name}
                </button>
                <ul className="relative h-full flex-1" aria-label={`Occurrences of ${list[0]!.name}`}>
                  {list.map((one) => {
                    const at = place(from, to, Date.parse(one.starts_at), Date.parse(one.ends_at));
                    const running = Date.parse(one.starts_at) <= now && now <= Date.parse(one.ends_at);
                    const text = `${untilText(one.starts_at, now)} – ${dayName(one.starts_at) === dayName(one.ends_at) ? hourMinute(one.ends_at) : untilText(one.ends_at, now)}`;
                    return (
                      at && (
                        <li key={one.starts_at} className="absolute inset-y-2" style={{ left: `${at.left}%`, width: `max(${at.width}%, 6px)` }}>
                          <button
                            type="button"
                            title={`${one.name}\n${text}`}
                            aria-label={`${one.name}, ${text}${running ? ", now" : ""}`}
                            onClick={() => onOpen(one.id)}
                            className={clsx("shape block h-full w-full overflow-hidden rounded px-1 text-left text-2xs whitespace-nowrap text-white", running ? "bg-accent" : "bg-[#5b606b]")}
                          >
                            {at.width > 8 && hourMinute(one.starts_at)}
                          </button>
                        </li>
                      )
                    );
                  })}
                  {nowAt && <li aria-hidden className="pointer-events-none absolute inset-y-0 w-px bg-red" style={{ left: `${nowAt.left}%` }} />}
                </ul>
              </div>
            ))}
          </div>
        </div>
      )}
      {query.data?.more && <p className="px-4 py-2 text-quiet">There are more occurrences than are shown; look at one week.</p>}
    </Card>
  );
}
