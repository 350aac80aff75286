import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useNow, useTitle } from "@/lib/hooks";
import { useCan, useNames } from "@/lib/query";
import { ago } from "@/lib/time";
import { Button } from "@/ui/button";
import { Badge } from "@/ui/marks";
import { Empty, Failure, PageHead, Rows } from "@/ui/parts";
import { integrationsQuery, templatesQuery, warningsOf } from "./api";
import { Lettermark } from "./lettermark";

export default function Integrations() {
  useTitle("Integrations");
  const query = useQuery(integrationsQuery);
  const templates = useQuery(templatesQuery).data?.items;
  const team = useNames("teams");
  const may = useCan("integrations", "create");
  const now = useNow();
  return (
    <div className="mx-auto max-w-5xl">
      <PageHead title="Integrations" sub="Where alerts come from.">
        {may && (
          <Button look="primary" asChild>
            <Link to="/integrations/new">
              <Plus className="size-4" aria-hidden /> Connect a source
            </Link>
          </Button>
        )}
      </PageHead>
      <div className="overflow-hidden rounded-lg border border-line bg-surface">
        {query.isPending ? (
          <Rows />
        ) : query.isError ? (
          <Failure error={query.error} retry={() => query.refetch()} />
        ) : query.data.items.length === 0 ? (
          <Empty
            title="No source is connected"
            action={
              may && (
                <Button look="primary" asChild>
                  <Link to="/integrations/new">Connect the first</Link>
                </Button>
              )
            }
          >
            Prometheus, Grafana, Datadog, or anything that can send JSON.
          </Empty>
        ) : (
          <ul className="divide-y divide-line">
            {query.data.items.map((one) => {
              const warnings = warningsOf(one);
              return (
                <li key={one.id} className="relative flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 hover:bg-hover">
                  <Lettermark name={templates?.find((t) => t.name === one.template)?.title ?? one.template} />
                  <Link to="/integrations/$id" params={{ id: one.id }} className="foreign min-w-32 flex-1 font-medium after:absolute after:inset-0">
                    {one.name}
                  </Link>
                  <span className="text-quiet max-sm:hidden">{team(one.team_id)}</span>
                  {!one.enabled && <Badge>Off</Badge>}
                  {one.quiet && <Badge>Quiet</Badge>}
                  {warnings.length > 0 && <Badge tone="amber">{warnings.length === 1 ? "1 hint" : `${warnings.length} hints`}</Badge>}
                  <span className="w-28 text-right text-quiet">{one.last_request_at ? ago(one.last_request_at, now) : "nothing yet"}</span>
                </li>
              );
            })}
          </ul>
        )}
      </div>
    </div>
  );
}
