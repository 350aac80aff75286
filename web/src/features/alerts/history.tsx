/* On and off: a strip of what the source said over time, when it went to and fro. */
import { useNow } from "@/lib/hooks";
import { dayName, duration, fullTime, hourMinute } from "@/lib/time";
import { Badge } from "@/ui/marks";

export interface Span {
  on: boolean;
  from: number;
  to: number;
}

/* Stretches of one state each; the last goes on until now. */
export function spans(items: { received_at: string; status: string | null }[], now: number): Span[] {
  const out: Span[] = [];
  for (const { received_at, status } of [...items].sort((a, b) => a.received_at.localeCompare(b.received_at))) {
    const on = status !== "resolved";
    const at = Date.parse(received_at);
    const last = out.at(-1);
    if (last) last.to = at;
    if (!last || last.on !== on) out.push({ on, from: at, to: at });
  }
  const last = out.at(-1);
  if (last) last.to = Math.max(last.to, now);
  return out;
}

export function HistoryStrip({ items, flapping }: { items: { received_at: string; status: string | null }[]; flapping: boolean }) {
  const now = useNow();
  const list = spans(items, now);
  if (list.length < 3) return null; // it came, and perhaps went: the facts say so
  const from = list[0]!.from;
  const width = Math.max(1, now - from);
  const changes = list.length - 1;
  const label = (at: number) => (dayName(from) === dayName(now) ? hourMinute(at) : `${dayName(at)} ${hourMinute(at)}`);
  return (
    <section>
      <h3 className="mb-1 flex items-center gap-2 font-semibold">
        On and off {flapping && <Badge tone="amber">Flapping</Badge>}
      </h3>
      <svg viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" aria-label={`${changes} changes since ${fullTime(from)}; now ${list.at(-1)!.on ? "on" : "off"} for ${duration(now - list.at(-1)!.from)}`} className="h-6 w-full rounded">
        {list.map((span) => (
          <rect key={span.from} x={((span.from - from) / width) * 1000} width={Math.max(2, ((span.to - span.from) / width) * 1000)} y={span.on ? 0 : 16} height={span.on ? 24 : 8} className={span.on ? "fill-red" : "fill-green"}>
            <title>{`${span.on ? "on" : "off"} from ${fullTime(span.from)}, for ${duration(span.to - span.from)}`}</title>
          </rect>
        ))}
      </svg>
      <p className="flex justify-between text-xs text-quiet tabular-nums">
        <span>{label(from)}</span>
        <span>
          {changes} changes; high is on, low is off
        </span>
        <span>now</span>
      </p>
    </section>
  );
}
