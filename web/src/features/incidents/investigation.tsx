/* What may explain it: what was changed when it began, what seems to belong to it, and why its alerts are here. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import { type Alert, api, type Change, type Incident } from "@/lib/api";
import { useNames } from "@/lib/query";
import { duration, fullTime } from "@/lib/time";
import { Badge, words } from "@/ui/marks";
import { Card, Failure, Rows } from "@/ui/parts";
import { Explanation } from "../alerts/explanation";
import { suggestionsOf } from "../together/api";
import { SuggestionView } from "../together/parts";
import { alertsOf, beginOf, CHANGES_BEFORE_MS, changesNear, relationsOf } from "./api";

export default function Investigation({ incident }: { incident: Incident }) {
  const alerts = useQuery(alertsOf(incident.id)).data?.items ?? [];
  const first = alerts.reduce<Alert | undefined>((oldest, one) => (!oldest || one.id < oldest.id ? one : oldest), undefined);
  return (
    <div className="flex flex-col gap-4">
      <Changes incident={incident} />
      <Suggestions alerts={alerts} />
      <Relations incident={incident} />
      {first && (
        <Card title={`Why ${first.number} came here`}>
          <Explanation alert={first} last />
        </Card>
      )}
    </div>
  );
}

/* Of its services first, then what was nearest to the beginning. */
function order(incident: Incident) {
  const begin = beginOf(incident);
  const away = (one: Change) => Math.abs(Date.parse(one.starts_at ?? one.created_at) - begin);
  const ours = (one: Change) => (one.service_id && incident.service_ids.includes(one.service_id) ? 0 : 1);
  return (a: Change, b: Change) => ours(a) - ours(b) || away(a) - away(b);
}

function Changes({ incident }: { incident: Incident }) {
  const query = useQuery(changesNear(incident));
  const rows = [...(query.data?.items ?? [])].sort(order(incident));
  const hours = CHANGES_BEFORE_MS / 3_600_000;
  return (
    <Card title="Changed when it began" flush>
      {query.isPending ? (
        <Rows count={2} />
      ) : query.isError && !query.data ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : rows.length === 0 ? (
        <p className="p-4 text-quiet">
          No deployment, flag or configuration was reported in the {hours} hours before it, or in the hour after.{" "}
          <Link to="/integrations" className="text-accent-ink hover:underline">
            Integrations
          </Link>{" "}
          of pipelines and repositories send them.
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {rows.map((one) => (
            <ChangeRow key={one.id} change={one} begin={beginOf(incident)} ours={!!one.service_id && incident.service_ids.includes(one.service_id)} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function ChangeRow({ change, begin, ours }: { change: Change; begin: number; ours: boolean }) {
  const service = useNames("services");
  const at = change.starts_at ?? change.created_at;
  const before = begin - Date.parse(at);
  const facts = [change.service_id ? (service(change.service_id) ?? change.service) : change.service, change.environment, change.revision?.slice(0, 12), change.author].filter(Boolean).join(" · ");
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-1 px-4 py-2.5">
      <time dateTime={at} title={`${fullTime(at)}\n${fullTime(at, "UTC")}`} className="w-24 shrink-0 text-quiet tabular-nums">
        {duration(Math.abs(before))} {before >= 0 ? "before" : "after"}
      </time>
      <div className="min-w-48 flex-1">
        <p className="flex flex-wrap items-center gap-2">
          {change.url && /^https?:\/\//.test(change.url) ? (
            <a href={change.url} target="_blank" rel="noreferrer noopener" className="foreign inline-flex min-w-0 items-center gap-1.5 font-medium text-accent-ink hover:underline">
              <span dir="auto">{change.title}</span>
              <ExternalLink className="size-3.5 shrink-0" aria-hidden />
            </a>
          ) : (
            <span dir="auto" className="foreign font-medium">
              {change.title}
            </span>
          )}
          <Badge>{words(change.kind)}</Badge>
          {change.status && <Badge>{words(change.status)}</Badge>}
          {ours && <Badge tone="amber">Its service</Badge>}
        </p>
        {facts && <p className="foreign text-quiet">{facts}</p>}
      </div>
    </li>
  );
}

const ALERTS_COMPARED = 5;

/* Of its newest alerts, with what is not in it yet. */
function Suggestions({ alerts }: { alerts: Alert[] }) {
  const inside = new Set(alerts.map((one) => one.id));
  const asked = alerts.slice(0, ALERTS_COMPARED);
  const found = useQueries({ queries: asked.map((one) => suggestionsOf(one.id)) });
  const rows = found.flatMap((query, i) => (query.data?.items ?? []).map((one) => ({ one, other: one.alert_id === asked[i]!.id ? one.other_id : one.alert_id, seen: asked[i]!.id })));
  const fresh = rows.filter((row, i) => !inside.has(row.other) && rows.findIndex((r) => r.other === row.other) === i).sort((a, b) => b.one.score - a.one.score);
  if (!fresh.length) return null;
  return (
    <Card title="Seems to belong to it" flush>
      <ul className="divide-y divide-line">
        {fresh.slice(0, 10).map(({ one, seen }) => (
          <li key={`${one.alert_id}-${one.other_id}`} className="px-4 py-3">
            <SuggestionView of={one} seen={seen} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

/* How it stands to other incidents, alerts and changes, as people said. */
function Relations({ incident }: { incident: Incident }) {
  const rows = useQuery(relationsOf(incident.id)).data?.items ?? [];
  if (!rows.length) return null;
  return (
    <Card title="Related" flush>
      <ul className="divide-y divide-line">
        {rows.map((one) => {
          const out = one.from_id === incident.id;
          return (
            <li key={`${one.kind}-${one.from_id}-${one.to_id}`} className="flex flex-wrap items-center gap-x-2 px-4 py-2.5">
              <span className="text-quiet">{out ? `It ${one.kind.replaceAll("_", " ")}` : `${words(one.kind)} it:`}</span>
              <Other id={out ? one.to_id : one.from_id} />
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

const nameOf = (id: string): Promise<{ number: string; title: string | null }> =>
  (id.startsWith("inc_") ? api("GET /incidents/{id}", { id }) : id.startsWith("chg_") ? api("GET /changes/{id}", { id }) : api("GET /alerts/{id}", { id }));

function Other({ id }: { id: string }) {
  const plural = id.startsWith("inc_") ? "incidents" : id.startsWith("chg_") ? "changes" : "alerts";
  const one = useQuery({ queryKey: [plural, "name", id], queryFn: () => nameOf(id) }).data;
  const text = one ? `${one.number} ${one.title}` : "something that you may not see";
  const look = "foreign min-w-0 font-medium hover:underline";
  if (plural === "incidents" && one) return <Link to="/incidents/$id" params={{ id: one.number }} search={{}} className={look}>{text}</Link>;
  if (plural === "alerts" && one) return <Link to="/alerts/$id" params={{ id: one.number }} search={{}} className={look}>{text}</Link>;
  return <span className="foreign min-w-0">{text}</span>;
}
