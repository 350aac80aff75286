/* Inhibition rules, and whom they mute now. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { QuietSearch } from "@/app/router";
import { api, type InhibitionRule } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { useCursor } from "@/lib/list";
import { readMatchers } from "@/lib/matchers";
import { queryClient, useCan } from "@/lib/query";
import { Button } from "@/ui/button";
import { List, ListRow, NewButton } from "@/ui/list";
import { Badge } from "@/ui/marks";
import { MatcherChips } from "@/ui/matchers";
import { Empty } from "@/ui/parts";
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
        {may && <NewButton onClick={() => show("new")}>New rule</NewButton>}
      </QuietHead>
      <Muting />
      <List
        query={query}
        rows={rows}
        skeleton={3}
        empty={
          <Empty title="There is no inhibition rule yet" action={may && <Button onClick={() => show("new")}>Make the first</Button>}>
            Those of Alertmanager are taken over by <code className="font-mono text-xs">tocsin inhibition import alertmanager.yml</code>
          </Empty>
        }
      >
        {(row, i) => (
          <Row key={row.id} rule={row} here={i === at} onEdit={may ? () => show(row.id) : undefined} />
        )}
      </List>
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
    <ListRow
      here={here}
      off={!rule.enabled}
      actions={
        onEdit && (
          <>
            <Button small onClick={onEdit}>
              Edit
            </Button>
            <Button small look="quiet" onClick={() => toggle(rule)}>
              {rule.enabled ? "Switch off" : "Switch on"}
            </Button>
          </>
        )
      }
    >
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
    </ListRow>
  );
}
