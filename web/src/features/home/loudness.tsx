/* Alerts per hour by priority. Counted from the newest 1,000 alerts; says so when there were more. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "@/lib/api";
import { hourMinute } from "@/lib/time";
import { Failure, Skeleton } from "@/ui/parts";

const HOUR = 3_600_000;
const MOST = 1000;
const STACK = [
  { key: "p1", color: "var(--red)", label: "P1" },
  { key: "p2", color: "var(--orange)", label: "P2" },
  { key: "p3", color: "var(--amber)", label: "P3" },
  { key: "p4", color: "var(--blue)", label: "P4" },
  { key: "none", color: "var(--edge)", label: "none" },
] as const;

export function bins(alerts: { priority: string | null; at: string }[], now: number) {
  const first = Math.floor(now / HOUR) * HOUR - 23 * HOUR;
  const out = Array.from({ length: 24 }, (_, i) => ({ at: first + i * HOUR, p1: 0, p2: 0, p3: 0, p4: 0, none: 0, sum: 0 }));
  for (const alert of alerts) {
    const bin = out[Math.floor((new Date(alert.at).getTime() - first) / HOUR)];
    if (!bin) continue;
    bin[(alert.priority ?? "none") as "p1"]++;
    bin.sum++;
  }
  return out;
}

export default function Loudness() {
  const query = useQuery({
    queryKey: ["alerts", "day"],
    queryFn: async () => {
      const now = Date.now();
      const answer = await api("GET /alerts", { query: { limit: MOST, sort: "-id" } });
      return { now, more: !!answer.next_cursor, bins: bins(answer.items.map((a) => ({ priority: a.priority, at: a.first_seen_at! })), now) };
    },
    refetchInterval: 5 * 60_000,
  });
  const top = useMemo(() => Math.max(1, ...(query.data?.bins.map((bin) => bin.sum) ?? [])), [query.data]);
  if (query.isPending) return <Skeleton className="h-44" />;
  if (query.isError) return <Failure error={query.error} retry={() => query.refetch()} />;
  const all = query.data.bins.reduce((sum, bin) => sum + bin.sum, 0);
  return (
    <figure>
      <div className="flex h-36 items-end gap-[3px]" role="img" aria-label={`${all} alerts in 24 hours; at most ${top} in one hour`}>
        {query.data.bins.map((bin) => (
          <div key={bin.at} title={`${hourMinute(bin.at)}: ${bin.sum} alerts${STACK.filter((s) => bin[s.key]).map((s) => `\n${s.label}: ${bin[s.key]}`).join("")}`} className="flex h-full flex-1 flex-col justify-end">
            {STACK.map((s) => bin[s.key] > 0 && <div key={s.key} className="shape min-h-[3px] w-full first:rounded-t-sm" style={{ height: `${(bin[s.key] / top) * 100}%`, background: s.color }} />)}
            <div className="h-px bg-line" />
          </div>
        ))}
      </div>
      <div aria-hidden className="mt-1 flex justify-between text-2xs text-quiet tabular-nums">
        {[0, 6, 12, 18, 23].map((i) => (
          <span key={i}>{hourMinute(query.data.bins[i]!.at)}</span>
        ))}
      </div>
      <figcaption className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-quiet">
        {STACK.map((s) => (
          <span key={s.key} className="inline-flex items-center gap-1.5">
            <span aria-hidden className="shape size-2.5 rounded-sm" style={{ background: s.color }} />
            {s.label}
          </span>
        ))}
        <span className="flex-1" />
        <span>
          {all.toLocaleString()} {all === 1 ? "alert" : "alerts"}
          {query.data.more && `, counted from the newest ${MOST.toLocaleString()}`}
        </span>
      </figcaption>
    </figure>
  );
}
