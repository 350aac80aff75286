/* What was held and later turned out to be an incident: by what held it, then each alert. The answer to "was that silence a
 * mistake?". */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { BellOff } from "lucide-react";
import type { QuietSearch } from "@/app/router";
import { api, type GetQuietReportAnswer } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { duration, fullTime } from "@/lib/time";
import { Segments } from "@/ui/form";
import { Priority, Severity } from "@/ui/marks";
import { Card, Empty, Failure, Rows, When } from "@/ui/parts";
import { reasonTitle } from "./api";
import { QuietHead } from "./head";
import { HoldLink } from "./hold-link";

type Missed = GetQuietReportAnswer["items"][number];
type Cause = GetQuietReportAnswer["causes"][number];

const RANGES = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
];

export default function QuietReport() {
  useTitle("Held, and then an incident");
  const { days = "30" } = useSearch({ strict: false }) as QuietSearch;
  const navigate = useNavigate();
  const query = useQuery({ queryKey: ["quiet", "report", days], queryFn: () => api("GET /quiet/report", { query: { days: Number(days) || 30 } }) });
  return (
    <div className="mx-auto max-w-5xl">
      <QuietHead title="Held, and then an incident" sub="Alerts that something kept quiet, and that were part of an incident opened later." />
      <div className="mb-4">
        <Segments label="Incidents of the last" value={days} onChange={(value) => navigate({ to: "/quiet/report", search: { days: value } })} options={RANGES} />
      </div>
      {query.isPending ? (
        <div className="rounded-lg border border-line bg-surface">
          <Rows />
        </div>
      ) : query.isError && !query.data ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : query.data.items.length === 0 ? (
        <div className="rounded-lg border border-line bg-surface">
          <Empty icon={<BellOff className="size-6" aria-hidden />} title="Nothing was missed">
            No incident opened since {fullTime(query.data.since)} had an alert that was held before.
          </Empty>
        </div>
      ) : (
        <div className="flex flex-col gap-4">
          <Causes causes={query.data.causes} />
          <Card title="Alerts" flush>
            <ul className="divide-y divide-line">
              {query.data.items.map((one) => (
                <MissedRow key={`${one.incident_id}-${one.alert_id}`} of={one} />
              ))}
            </ul>
          </Card>
          {query.data.more && <p className="text-center text-quiet">Only the newest 1,000 incidents were looked at. Choose fewer days.</p>}
        </div>
      )}
    </div>
  );
}

function Causes({ causes }: { causes: Cause[] }) {
  return (
    <Card title="By what held them" flush>
      <ul className="divide-y divide-line">
        {causes.map((cause) => (
          <li key={`${cause.reason}-${cause.id ?? ""}`} className="flex flex-wrap items-baseline gap-x-3 gap-y-1 px-4 py-2.5">
            <span className="foreign min-w-40 flex-1 font-medium">{cause.name ?? reasonTitle(cause.reason)}</span>
            <HoldLink hold={cause} />
            <span className="text-quiet tabular-nums">
              {cause.alerts.toLocaleString()} alert{cause.alerts === 1 ? "" : "s"}, held up to {duration(cause.late_s_max * 1000)} before the incident
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function MissedRow({ of }: { of: Missed }) {
  return (
    <li className="flex flex-col gap-1 px-4 py-2.5">
      <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
        <Priority of={of.priority ?? null} />
        <Link to="/alerts/$id" params={{ id: of.alert_number }} search={{}} className="flex min-w-0 items-center gap-2 font-medium hover:underline max-sm:basis-full">
          <span className="shrink-0 font-normal text-quiet tabular-nums">{of.alert_number}</span>
          <span className="foreign min-w-0 truncate" title={of.alert_title}>
            {of.alert_title}
          </span>
        </Link>
        <span className="ml-auto shrink-0 text-quiet tabular-nums max-sm:ml-0">somebody could have known {duration(of.late_s * 1000)} earlier</span>
      </div>
      <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1 text-quiet">
        <Severity of={of.severity} />
        <Link to="/incidents/$id" params={{ id: of.incident_number }} search={{}} className="flex min-w-0 items-center gap-2 hover:underline">
          <span className="shrink-0 tabular-nums">{of.incident_number}</span>
          <span className="foreign min-w-0 truncate text-ink">{of.incident_title}</span>
        </Link>
        <When at={of.incident_at} />
      </div>
      <ul className="flex flex-wrap gap-x-4 gap-y-1 text-quiet">
        {of.holds.map((hold, i) => (
          <li key={i} className="foreign flex flex-wrap gap-x-2">
            <span title={`since ${fullTime(hold.since)}`}>
              {reasonTitle(hold.reason)}
              {hold.name ? `: ${hold.name}` : ""}, {hold.ended_at ? `for ${duration(Date.parse(hold.ended_at) - Date.parse(hold.since))}` : "still"}
            </span>
            <HoldLink hold={hold} />
          </li>
        ))}
      </ul>
    </li>
  );
}
