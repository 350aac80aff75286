/* Inhibition rules, and whom they mute now. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import clsx from "clsx";
import { Plus } from "lucide-react";
import type { QuietSearch } from "@/app/router";
import { api, type InhibitionRule } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { ROW_AT, useCursor } from "@/lib/list";
import { readMatchers } from "@/lib/matchers";
import { queryClient, useCan } from "@/lib/query";
import { Button } from "@/ui/button";
import { Badge } from "@/ui/marks";
import { MatcherChips } from "@/ui/matchers";
import { Empty, Failure, Rows } from "@/ui/parts";
import { toastProblem } from "@/ui/toast";
import { QuietHead } from "../quiet/head";
import RuleDialog from "./form";
import { Muting } from "./muting";

export default function Inhibition() {
  useTitle("Inhibition");
  const { edit } = useSearch({ strict: false }) as QuietSearch;
  const navigate = useNavigate();
  const query = useQuery({ queryKey: ["inhibition-rules", "list"], queryFn: () => api("GET /inhibition-rules", { query: { limit: 1000 } }) });
  const may = useCan("inhibition-rules", "create");
  const rows = [...(query.data?.items ?? [])].sort((a, b) => a.name.localeCompare(b.name));
  const show = (id?: string) => void navigate({ to: "/quiet/inhibition", search: { edit: id } });
  const at = useCursor(rows, (row) => may && show(row.id));
  return (
    <div className="mx-auto max-w-5xl">
      <QuietHead title="Inhibition" sub="While one alert is open, others that only follow from it are quiet.">
        {may && (
          <Button look="primary" onClick={() => show("new")}>
            <Plus className="size-4" aria-hidden /> New rule
          </Button>
        )}
      </QuietHead>
      <Muting />
      <div className="overflow-hidden rounded-lg border border-line bg-surface">
        {query.isPending ? (
          <Rows count={3} />
        ) : query.isError && !query.data ? (
          <Failure error={query.error} retry={() => query.refetch()} />
        ) : rows.length === 0 ? (
          <Empty title="There is no inhibition rule yet" action={may && <Button onClick={() => show("new")}>Make the first</Button>}>
            Those of Alertmanager are taken over by <code className="font-mono text-xs">tocsin inhibition import alertmanager.yml</code>
          </Empty>
        ) : (
          <ul className="divide-y divide-line">
            {rows.map((row, i) => (
              <Row key={row.id} rule={row} here={i === at} onEdit={may ? () => show(row.id) : undefined} />
            ))}
          </ul>
        )}
      </div>
      {edit && <RuleDialog id={edit === "new" ? undefined : edit} onClose={() => show()} />}
    </div>
  );
}

async function toggle(rule: InhibitionRule) {
  try {
    await api("PATCH /inhibition-rules/{id}", { id: rule.id, body: { enabled: !rule.enabled } });
  } catch (error) {
    toastProblem("That was not changed", error);
  }
  for (const key of ["inhibition-rules", "quiet", "alerts"]) void queryClient.invalidateQueries({ queryKey: [key] });
}

function Row({ rule, here, onEdit }: { rule: InhibitionRule; here: boolean; onEdit?: () => void }) {
  return (
    <li data-cursor={here || undefined} className={clsx("flex flex-wrap items-start gap-x-3 gap-y-1 px-4 py-3", here && ROW_AT, !rule.enabled && "bg-ground")}>
      <div className="min-w-56 flex-1">
        <div className="flex flex-wrap items-center gap-2">
          <span className="foreign font-medium">{rule.name}</span>
          {!rule.enabled && <Badge>Off</Badge>}
        </div>
        <p className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1">
          <MatcherChips matchers={readMatchers(rule.source)} />
          <span className="text-quiet">mutes</span>
          <MatcherChips matchers={readMatchers(rule.target)} />
          <span className="text-quiet">{rule.scope === "all" ? "everywhere" : `where ${rule.equal.join(", ")} ${rule.equal.length === 1 ? "is" : "are"} equal`}</span>
        </p>
      </div>
      {onEdit && (
        <div className="flex items-center gap-1.5">
          <Button small onClick={onEdit}>
            Edit
          </Button>
          <Button small look="quiet" onClick={() => toggle(rule)}>
            {rule.enabled ? "Switch off" : "Switch on"}
          </Button>
        </div>
      )}
    </li>
  );
}
