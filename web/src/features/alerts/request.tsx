/* When it was reported, as a small chart; and what was really sent. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Alert, api } from "@/lib/api";
import { fullTime, hourMinute, dayName } from "@/lib/time";
import { Select } from "@/ui/form";
import { Badge, words } from "@/ui/marks";
import { Code, Empty, Failure, Rows, Skeleton } from "@/ui/parts";
import { HistoryStrip } from "./history";

const occurrencesOf = (id: string) => ({ queryKey: ["alerts", "occurrences", id], queryFn: () => api("GET /alerts/{id}/occurrences", { id }) });

const BARS = 40;
export function bars(times: number[]): { from: number; to: number; counts: number[] } {
  const from = Math.min(...times);
  const to = Math.max(...times, from + 60_000);
  const counts = Array.from({ length: BARS }, () => 0);
  for (const at of times) counts[Math.min(BARS - 1, Math.floor(((at - from) / (to - from)) * BARS))]!++;
  return { from, to, counts };
}

export function Occurrences({ alert }: { alert: Alert }) {
  const query = useQuery(occurrencesOf(alert.id));
  if (query.isPending) return <Skeleton className="h-14" />;
  const items = query.data?.items ?? [];
  if (items.length < 2) return null;
  const { from, to, counts } = bars(items.map((one) => Date.parse(one.received_at)));
  const top = Math.max(...counts);
  const label = (at: number) => (dayName(from) === dayName(to) ? hourMinute(at) : `${dayName(at)} ${hourMinute(at)}`);
  return (
    <>
      <HistoryStrip items={items.filter((one) => !one.late)} flapping={alert.holds.some((hold) => hold.reason === "flapping")} />
      <section>
        <h3 className="mb-1 font-semibold">When it was reported</h3>
        <svg viewBox={`0 0 ${BARS * 4} 40`} preserveAspectRatio="none" role="img" aria-label={`${items.length} reports from ${fullTime(from)} to ${fullTime(to)}`} className="h-12 w-full">
          {counts.map((count, i) => (
            <rect key={i} x={i * 4} width={3} y={count ? 38 - Math.max(3, (count / top) * 38) : 37} height={count ? Math.max(3, (count / top) * 38) : 1} className={count ? "fill-accent" : "fill-line"} />
          ))}
        </svg>
        <p className="flex justify-between text-xs text-quiet tabular-nums">
          <span>{label(from)}</span>
          <span>
            {items.length.toLocaleString()}
            {(alert.count ?? 0) > items.length && ` kept of ${alert.count!.toLocaleString()}`}, at most {top} in {Math.max(1, Math.round((to - from) / BARS / 1000))} s
          </span>
          <span>{label(to)}</span>
        </p>
      </section>
    </>
  );
}

function pretty(body: string | null) {
  try {
    return JSON.stringify(JSON.parse(body ?? ""), null, 2);
  } catch {
    return body ?? "";
  }
}

export function RawRequest({ alert }: { alert: Alert }) {
  const list = useQuery(occurrencesOf(alert.id));
  const [chosen, setChosen] = useState("");
  const items = [...(list.data?.items ?? [])].reverse();
  const id = chosen || items[0]?.request_id;
  const query = useQuery({ queryKey: ["requests", "one", id], queryFn: () => api("GET /requests/{id}", { id: id! }), enabled: !!id });
  if (list.isPending) return <Rows count={6} />;
  if (list.isError) return <Failure error={list.error} retry={() => list.refetch()} />;
  if (!items.length) return <Empty title="No request is kept">It was made by hand, or the request is older than requests are kept.</Empty>;
  const request = query.data;
  return (
    <div className="flex flex-col gap-3">
      {items.length > 1 && (
        <Select aria-label="Which report" className="!w-auto self-start" value={id} onChange={(e) => setChosen(e.target.value)}>
          {items.slice(0, 200).map((one) => (
            <option key={`${one.request_id}-${one.index}-${one.n}`} value={one.request_id}>
              {fullTime(one.received_at)}: {words(one.status)}
            </option>
          ))}
        </Select>
      )}
      {query.isPending ? (
        <Rows count={6} />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : (
        request && (
          <>
            <p className="flex flex-wrap items-center gap-2">
              <span className="font-mono text-xs">{request.method}</span>
              {request.received_at && <span className="text-quiet">{fullTime(request.received_at)}</span>}
              <Badge tone={request.outcome === "accepted" ? "green" : "amber"}>{words(request.outcome)}</Badge>
              {request.integration_id && (
                <Link to="/integrations/$id" params={{ id: request.integration_id }} className="text-accent-ink hover:underline">
                  Its source
                </Link>
              )}
            </p>
            {request.body ? <Code text={pretty(request.body)} /> : <Empty title="Its body is not kept any more" />}
          </>
        )
      )}
    </div>
  );
}
