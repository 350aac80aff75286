/* What can be learned from it: how long each part took, who was told, and the story as a file. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import type { Incident, Notification } from "@/lib/api";
import { duration, fullTime, hourMinute } from "@/lib/time";
import { Button } from "@/ui/button";
import { Badge, words } from "@/ui/marks";
import { Card, Rows } from "@/ui/parts";
import { troubleWords, toldQuery } from "../pages/told";
import { exportTimeline } from "../timeline/of";
import { alertsOf, pagesOf } from "./api";

type Moment = "impact_started_at" | "detected_at" | "declared_at" | "acknowledged_at" | "mitigated_at" | "resolved_at" | "closed_at";
const MOMENTS: Record<Moment, string> = {
  impact_started_at: "the impact began",
  detected_at: "it was noticed",
  declared_at: "it was declared",
  acknowledged_at: "somebody took it",
  mitigated_at: "it stopped hurting",
  resolved_at: "it was mended",
  closed_at: "it was closed",
};

export interface Measure {
  name: string;
  from?: Moment;
  to: Moment;
  ms?: number; // none: pending, or not to be said
  state: "recorded" | "pending" | "not applicable" | "invalid";
}

/* Each with the origin that it is counted from: the first of these that is known. An end before its beginning is shown, never counted. */
const MEASURES: { name: string; from: Moment[]; to: Moment }[] = [
  { name: "To notice", from: ["impact_started_at"], to: "detected_at" },
  { name: "To acknowledge", from: ["detected_at", "declared_at"], to: "acknowledged_at" },
  { name: "To mitigate", from: ["impact_started_at", "detected_at", "declared_at"], to: "mitigated_at" },
  { name: "To resolve", from: ["impact_started_at", "detected_at", "declared_at"], to: "resolved_at" },
  { name: "To close", from: ["resolved_at"], to: "closed_at" },
];

export function measures(incident: Pick<Incident, Moment | "status">): Measure[] {
  return MEASURES.map(({ name, from, to }) => {
    const origin = from.find((one) => incident[one]);
    const end = incident[to];
    const open = incident.status === "closed" ? "not applicable" : "pending";
    if (!origin) return { name, to, state: from[0] === "resolved_at" ? open : "not applicable" };
    if (!end) return { name, from: origin, to, state: open };
    const ms = Date.parse(end) - Date.parse(incident[origin]!);
    return { name, from: origin, to, ms, state: ms < 0 ? "invalid" : "recorded" };
  });
}

export default function Review({ incident }: { incident: Incident }) {
  return (
    <div className="flex flex-col gap-4">
      <Durations incident={incident} />
      <WhoWasTold incident={incident} />
      <Card title="The story as a file">
        <div className="flex flex-wrap items-center gap-2">
          <p className="min-w-48 flex-1 text-quiet max-sm:basis-full">The whole timeline, oldest first: for a document, a program, a spreadsheet.</p>
          {(["Markdown", "JSON", "CSV"] as const).map((format) => (
            <Button key={format} small onClick={() => exportTimeline(format, incident)}>
              <Download className="size-3.5" aria-hidden /> {format}
            </Button>
          ))}
        </div>
      </Card>
    </div>
  );
}

function Durations({ incident }: { incident: Incident }) {
  return (
    <Card title="How long it took" flush>
      <table className="w-full text-left">
        <thead className="sr-only">
          <tr>
            <th>What</th>
            <th>How long</th>
            <th>From when to when</th>
          </tr>
        </thead>
        <tbody>
          {measures(incident).map((one) => (
            <tr key={one.name} className="border-b border-line last:border-0">
              <th scope="row" className="px-4 py-2.5 align-top font-medium">
                {one.name}
              </th>
              <td className="px-4 py-2.5 align-top whitespace-nowrap tabular-nums">
                {one.state === "recorded" ? <span className="font-semibold">{duration(one.ms!)}</span> : one.state === "invalid" ? <Badge tone="red">Ends before it begins</Badge> : <span className="text-quiet">{one.state === "pending" ? "not yet" : "–"}</span>}
              </td>
              <td className="px-4 py-2.5 align-top text-quiet max-sm:hidden">
                {one.from ? (
                  <span title={incident[one.to] ? `${fullTime(incident[one.from]!)}\n${fullTime(incident[one.to]!)}` : fullTime(incident[one.from]!)}>
                    since {MOMENTS[one.from]}, until {MOMENTS[one.to]}
                  </span>
                ) : (
                  one.to === "closed_at" ? "since it was mended, until it was closed" : "nobody has said when the impact began"
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

/* One line for each person: their channels, the first message, and what failed. */
export function people(all: Notification[]) {
  const lines = new Map<string, { name: string; first?: string; channels: Set<string>; failed: Set<string>; count: number }>();
  for (const one of all) {
    if (one.status === "skipped" || one.status === "queued") continue;
    const name = one.user_name ?? "somebody";
    const line = lines.get(one.user_id ?? name) ?? { name, channels: new Set<string>(), failed: new Set<string>(), count: 0 };
    const at = one.sent_at ?? undefined;
    if (at && (!line.first || at < line.first)) line.first = at;
    if (one.status === "failed") line.failed.add(`${words(one.kind)}: ${troubleWords(one.error ?? "it failed")}`);
    else line.channels.add(words(one.kind));
    line.count++;
    lines.set(one.user_id ?? name, line);
  }
  return [...lines.entries()].sort(([, a], [, b]) => (a.first ?? "9").localeCompare(b.first ?? "9"));
}

function WhoWasTold({ incident }: { incident: Incident }) {
  const alerts = useQuery(alertsOf(incident.id)).data?.items ?? [];
  const pages = useQuery(pagesOf(incident.id, alerts.map((one) => one.id)));
  const told = useQueries({ queries: (pages.data ?? []).map((page) => toldQuery(page.id)) });
  const lines = people(told.flatMap((query) => query.data?.items ?? []));
  const pending = pages.isPending || told.some((query) => query.isPending);
  return (
    <Card title="Who was told" flush>
      {pending ? (
        <Rows count={2} />
      ) : lines.length === 0 ? (
        <p className="p-4 text-quiet">Nobody was paged for it.</p>
      ) : (
        <ul className="divide-y divide-line">
          {lines.map(([id, one]) => (
            <li key={id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
              <span className="min-w-32 font-medium">{one.name}</span>
              <span className="flex-1 text-quiet">
                {[...one.channels, one.count > 1 && `${one.count} messages`].filter(Boolean).join(", ")}
              </span>
              {one.first ? (
                <time dateTime={one.first} title={fullTime(one.first)} className="text-quiet tabular-nums">
                  first {hourMinute(one.first)}
                </time>
              ) : (
                <Badge tone="red">Never reached</Badge>
              )}
              {one.failed.size > 0 && <p className="foreign basis-full text-red">{[...one.failed].join("; ")}</p>}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
