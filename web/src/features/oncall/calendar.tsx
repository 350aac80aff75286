/* The calendar of a schedule: a row for each layer, then the row that pages. What is drawn comes from the function that
 * pages (GET …/shifts); nothing is computed here but where a bar begins and ends. Beside it stands a list, which says the
 * same to those who do not see it. */
import clsx from "clsx";
import { useRef, useState } from "react";
import { dayName, hourMinute, midnight } from "@/lib/time";
import { hue, initials } from "@/ui/marks";

export interface Shift {
  starts_at: string;
  ends_at: string;
  user_ids: string[];
  source?: string;
  why?: string; // in a sentence, told while a shift is pointed at, focused or tapped
}
export interface Row {
  name: string;
  shifts: Shift[];
  final?: boolean;
  gaps?: { starts_at: string; ends_at: string; why?: string }[];
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
  onSpan?: (from: number, to: number) => void; // a part of the final row, drawn with the pointer or chosen with O
}

/* A drawn span lies on whole steps: of a quarter of an hour, an hour, or six. */
export function snap(a: number, b: number, from: number, to: number): [number, number] {
  const step = to - from <= 2 * 86_400_000 ? 900_000 : to - from <= 15 * 86_400_000 ? 3_600_000 : 6 * 3_600_000;
  const [low, high] = a < b ? [a, b] : [b, a];
  const start = from + Math.floor((low - from) / step) * step;
  return [start, Math.max(start + step, from + Math.ceil((high - from) / step) * step)];
}

export function Calendar({ rows, from, to, now, zone, name, onSpan }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState<{ from: number; to: number }>();
  const [told, setTold] = useState<{ row: string; who: string; when: string; why?: string }>();
  const telling = (row: string, who: string, shift: { starts_at: string; ends_at: string; why?: string }) => {
    const tell = () => setTold({ row, who, when: span(shift, zone), why: shift.why });
    return { onMouseEnter: tell, onFocus: tell, onClick: tell, "data-start": Date.parse(shift.starts_at), "data-end": Date.parse(shift.ends_at), "aria-label": `${row}: ${who}, ${span(shift, zone)}${shift.why ? `. ${shift.why}` : ""}` };
  };
  const timeAt = (event: React.PointerEvent<HTMLElement>) => {
    const area = event.currentTarget.getBoundingClientRect();
    return from + Math.min(1, Math.max(0, (event.clientX - area.left) / area.width)) * (to - from);
  };
  const wide = (span: { from: number; to: number }) => Math.abs(span.to - span.from) > (to - from) / 200; // more than a click
  const drawing = {
    onPointerDown: (event: React.PointerEvent<HTMLElement>) => {
      if (!onSpan || event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls
      event.currentTarget.setPointerCapture(event.pointerId);
      setDrawn({ from: timeAt(event), to: timeAt(event) });
    },
    onPointerMove: (event: React.PointerEvent<HTMLElement>) => drawn && setDrawn({ ...drawn, to: timeAt(event) }),
    onPointerUp: () => {
      if (drawn && wide(drawn)) onSpan?.(...snap(drawn.from, drawn.to, from, to));
      setDrawn(undefined);
    },
    onPointerCancel: () => setDrawn(undefined),
  };
  const shown = drawn && wide(drawn) ? snap(drawn.from, drawn.to, from, to) : undefined;
  const shownAt = shown && place(from, to, ...shown);
  const marks = days(from, to, zone);
  const every = Math.max(1, Math.ceil(marks.length / 9));
  const nowAt = place(from, to, now, now + 1);

  /* Arrows walk over the shifts of a row, and from row to row. */
  function arrows(event: React.KeyboardEvent) {
    const number = (element: HTMLElement, name: string) => Number(element.dataset[name]);
    const buttons = [...(box.current?.querySelectorAll<HTMLElement>("[data-shift]") ?? [])].sort((a, b) => number(a, "shift") - number(b, "shift") || number(a, "start") - number(b, "start"));
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (at >= 0 && event.key.toLowerCase() === "o" && onSpan) {
      event.preventDefault();
      event.stopPropagation();
      const { start, end } = buttons[at]!.dataset;
      return onSpan(Number(start), Number(end));
    }
    if (at < 0 || !by) return;
    event.preventDefault();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const row = Number(buttons[at]!.dataset.shift) + by;
      buttons.find((button) => Number(button.dataset.shift) === row)?.focus();
    } else buttons[at + by]?.focus();
  }

  return (
    <>
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
              <div {...(row.final ? drawing : {})} className={clsx("relative flex-1", row.final ? "h-12" : "h-9", row.final && onSpan && "cursor-crosshair")}>
                {row.final && shownAt && shown && (
                  <span className="pointer-events-none absolute inset-y-0.5 z-20 overflow-hidden rounded border-2 border-accent bg-accent-wash/80 px-1 text-2xs font-medium whitespace-nowrap text-accent-ink" style={{ left: `${shownAt.left}%`, width: `${shownAt.width}%` }}>
                    {span({ starts_at: new Date(shown[0]).toISOString(), ends_at: new Date(shown[1]).toISOString() }, zone)}
                  </span>
                )}
                {marks.map((mark) => (
                  <span key={mark} aria-hidden className="absolute inset-y-0 w-px bg-line" style={{ left: `${place(from, to, mark, mark + 1)?.left ?? 0}%` }} />
                ))}
                {row.gaps?.map((gap) => {
                  const at = place(from, to, Date.parse(gap.starts_at), Date.parse(gap.ends_at));
                  return (
                    at && (
                      <button
                        key={gap.starts_at}
                        type="button"
                        data-shift={r}
                        {...telling(row.name, "Nobody", gap)}
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
                        {...telling(row.name, who, shift)}
                        className={clsx("@container absolute inset-y-1.5 overflow-hidden rounded text-xs font-medium whitespace-nowrap text-white", hue(shift.user_ids[0] ?? ""), !row.final && "brightness-90 saturate-75")}
                        style={{ left: `calc(${at.left}% + 1px)`, width: `calc(${at.width}% - 2px)` }}
                      >
                        <span className="block truncate px-1.5 text-left @max-[3.5rem]:hidden">{who}</span>
                        <span className="text-[9px] @min-[3.5rem]:hidden @max-[0.8rem]:hidden">{initials(who)}</span>
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
      <p className="flex min-h-14 flex-wrap content-center gap-x-3 px-4 py-2 max-md:min-h-20">
        {told ? (
          <>
            <span className={clsx("font-medium", told.who === "Nobody" && "text-red")}>{told.who}</span>
            <span className="tabular-nums">{told.when}</span>
            <span className="text-quiet">{told.row}</span>
            {told.why && <span className="foreign basis-full text-quiet">{told.why}</span>}
          </>
        ) : (
          <span className="text-quiet">Point at a shift, or tap it: here it says why.</span>
        )}
      </p>
    </>
  );
}

export const span = (shift: { starts_at: string; ends_at: string }, zone: string) =>
  `${dayName(shift.starts_at, zone)} ${hourMinute(shift.starts_at, zone)} – ${dayName(shift.ends_at, zone)} ${hourMinute(shift.ends_at, zone)}`;
