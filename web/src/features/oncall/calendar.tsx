/* The calendar of a schedule: a row for each layer, then the row that pages. What is drawn comes from the function that
 * pages (GET …/shifts); nothing is computed here but where a bar begins and ends. Beside it stands a list, which says the
 * same to those who do not see it. */
import clsx from "clsx";
import { useRef } from "react";
import { dayName, hourMinute, midnight } from "@/lib/time";
import { hue } from "@/ui/marks";

export interface Shift {
  starts_at: string;
  ends_at: string;
  user_ids: string[];
  source?: string;
}
export interface Row {
  name: string;
  shifts: Shift[];
  final?: boolean;
  gaps?: { starts_at: string; ends_at: string }[];
}

/* From where to where, in percent of the range; null when outside. */
export function place(from: number, to: number, start: number, end: number) {
  const left = Math.max(start, from);
  const right = Math.min(end, to);
  if (right <= left) return null;
  return { left: ((left - from) / (to - from)) * 100, width: ((right - left) / (to - from)) * 100 };
}

/* Midnights of the zone: days are 23, 24 or 25 hours long. */
export function days(from: number, to: number, zone: string) {
  const out: number[] = [];
  for (let i = 0, at = midnight(from, zone); at < to && i < 400; i++, at = midnight(from, zone, i)) if (at >= from) out.push(at);
  return out;
}

interface Props {
  rows: Row[];
  from: number;
  to: number;
  now: number;
  zone: string;
  name: (userId: string) => string;
  onPick?: (shift: Shift) => void;
}

export function Calendar({ rows, from, to, now, zone, name, onPick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const marks = days(from, to, zone);
  const every = Math.max(1, Math.ceil(marks.length / 9));
  const nowAt = place(from, to, now, now + 1);

  /* Arrows walk over the shifts of a row, and from row to row. */
  function arrows(event: React.KeyboardEvent) {
    const buttons = [...(box.current?.querySelectorAll<HTMLElement>("[data-shift]") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (at < 0 || !by) return;
    event.preventDefault();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const row = Number(buttons[at]!.dataset.shift) + by;
      buttons.find((button) => Number(button.dataset.shift) === row)?.focus();
    } else buttons[at + by]?.focus();
  }

  return (
    <div ref={box} onKeyDown={arrows} className="overflow-x-auto" role="group" aria-label="Calendar" tabIndex={-1}>
      <div className="relative min-w-[46rem]">
        <div className="ml-36 flex h-7 border-b border-line text-xs text-quiet">
          <div className="relative flex-1">
            {marks.map(
              (mark, i) =>
                i % every === 0 && (
                  <span key={mark} className="absolute top-1 truncate pl-1.5" style={{ left: `${place(from, to, mark, mark + 1)?.left ?? 0}%` }}>
                    {dayName(mark, zone)}
                  </span>
                ),
            )}
          </div>
        </div>
        {rows.map((row, r) => (
          <div key={row.name + r} className={clsx("flex items-stretch border-b border-line", row.final && "bg-ground")}>
            <div className={clsx("flex w-36 shrink-0 items-center truncate px-3 text-xs", row.final ? "font-semibold" : "text-quiet")}>{row.name}</div>
            <div className={clsx("relative flex-1", row.final ? "h-12" : "h-9")}>
              {marks.map((mark) => (
                <span key={mark} aria-hidden className="absolute inset-y-0 w-px bg-line" style={{ left: `${place(from, to, mark, mark + 1)?.left ?? 0}%` }} />
              ))}
              {row.gaps?.map((gap) => {
                const at = place(from, to, Date.parse(gap.starts_at), Date.parse(gap.ends_at));
                return (
                  at && (
                    <span
                      key={gap.starts_at}
                      title={`Nobody: ${span(gap, zone)}`}
                      className="absolute inset-y-1.5 rounded border border-dashed border-red bg-[repeating-linear-gradient(45deg,var(--red-wash)_0_6px,transparent_6px_12px)]"
                      style={{ left: `${at.left}%`, width: `${at.width}%` }}
                    />
                  )
                );
              })}
              {row.shifts.map((shift) => {
                const at = place(from, to, Date.parse(shift.starts_at), Date.parse(shift.ends_at));
                const who = shift.user_ids.map(name).join(", ");
                return (
                  at && (
                    <button
                      key={shift.starts_at + who}
                      type="button"
                      data-shift={r}
                      onClick={() => onPick?.(shift)}
                      title={`${who}\n${span(shift, zone)}${shift.source ? `\nfrom ${shift.source}` : ""}`}
                      aria-label={`${row.name}: ${who}, ${span(shift, zone)}`}
                      className={clsx("absolute inset-y-1.5 overflow-hidden rounded px-1.5 text-left text-xs font-medium text-ellipsis whitespace-nowrap text-white", hue(shift.user_ids[0] ?? ""), !row.final && "brightness-90 saturate-75")}
                      style={{ left: `calc(${at.left}% + 1px)`, width: `calc(${at.width}% - 2px)` }}
                    >
                      {who}
                    </button>
                  )
                );
              })}
              {nowAt && row.final && <span aria-hidden className="absolute -inset-y-px z-10 w-0.5 bg-accent" style={{ left: `${nowAt.left}%` }} />}
            </div>
          </div>
        ))}
      </div>
    </div>
  );
}

export const span = (shift: { starts_at: string; ends_at: string }, zone: string) =>
  `${dayName(shift.starts_at, zone)} ${hourMinute(shift.starts_at, zone)} – ${dayName(shift.ends_at, zone)} ${hourMinute(shift.ends_at, zone)}`;
