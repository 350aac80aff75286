/* Silences: those in force and those to come, then those that are over. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { BellOff } from "lucide-react";
import type { QuietSearch } from "@/app/router";
import { api, type Silence } from "@/lib/api";
import { useNow, useTitle } from "@/lib/hooks";
import { useCursor } from "@/lib/list";
import { readMatchers } from "@/lib/matchers";
import { queryClient, useCan, useNames } from "@/lib/query";
import { duration, fullTime, untilText } from "@/lib/time";
import { Button } from "@/ui/button";
import { Segments } from "@/ui/form";
import { List, ListRow, NewButton } from "@/ui/list";
import { Badge } from "@/ui/marks";
import { MatcherChips } from "@/ui/matchers";
import { Empty } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";
import { heldBy, quietQuery } from "../quiet/api";
import { QuietHead } from "../quiet/head";
import { END_REASONS, endsSoon, silencesQuery } from "./api";
import SilenceDialog from "./form";

/* What ends soonest stands first; what has no end last. */
export const bySoonest = (a: Pick<Silence, "ends_at" | "id">, b: Pick<Silence, "ends_at" | "id">) => (a.ends_at ?? "9").localeCompare(b.ends_at ?? "9") || a.id.localeCompare(b.id);

export default function Silences() {
  useTitle("Silences");
  const { state, edit } = useSearch({ strict: false }) as QuietSearch;
  const navigate = useNavigate();
  const over = state === "ended";
  const query = useQuery(silencesQuery(over ? "ended" : "now"));
  const may = useCan("silences", "create");
  const quiet = useQuery(quietQuery()).data;
  const holding = heldBy(quiet?.items);
  const now = useNow();
  const rows = over ? (query.data?.items ?? []) : [...(query.data?.items ?? [])].sort(bySoonest);
  const soon = rows.filter((row) => endsSoon(row, now)).length;
  const show = (id?: string) => void navigate({ to: "/quiet/silences", search: { state, edit: id } });
  const at = useCursor(rows, (row) => may && row.state !== "ended" && show(row.id));
  return (
    <div className="mx-auto max-w-5xl">
      <QuietHead title="Silences" sub="What they match is recorded and counted, and pages nobody. At its end what is still triggered pages once.">
        {may && <NewButton onClick={() => show("new")}>New silence</NewButton>}
      </QuietHead>
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <Segments
          label="Which"
          value={over ? "ended" : "now"}
          onChange={(value) => navigate({ to: "/quiet/silences", search: { state: value === "ended" ? "ended" : undefined } })}
          options={[
            { value: "now", label: "In force and to come" },
            { value: "ended", label: "Ended" },
          ]}
        />
        {soon > 0 && (
          <p role="status" className="text-amber">
            {soon === 1 ? "One ends" : `${soon} end`} within 30 minutes.
          </p>
        )}
      </div>
      <List
        query={query}
        rows={rows}
        empty={
          <Empty icon={<BellOff className="size-6" aria-hidden />} title={over ? "None has ended yet" : "Nothing is silenced"} action={may && !over && <Button onClick={() => show("new")}>Silence something</Button>}>
            {!over && "The quickest way is from an alert: open it, and press Silence."}
          </Empty>
        }
      >
        {(row, i) => (
          <Row key={row.id} silence={row} here={i === at} holding={quiet && !quiet.more ? (holding.get(row.id) ?? 0) : undefined} now={now} onEdit={may && row.state !== "ended" ? () => show(row.id) : undefined} />
        )}
      </List>
      {query.data?.next_cursor && <p className="mt-3 text-center text-quiet">The newest {rows.length.toLocaleString()} are shown.</p>}
      {edit && <SilenceDialog id={edit === "new" ? undefined : edit} onClose={() => show()} />}
    </div>
  );
}

async function end(silence: Silence) {
  try {
    await api("POST /silences/{id}/end", { id: silence.id });
    toast("The silence has ended", { detail: "What is still triggered and held by nothing else pages now." });
  } catch (error) {
    toastProblem("The silence goes on", error);
  }
  for (const key of ["silences", "quiet", "alerts"]) void queryClient.invalidateQueries({ queryKey: [key] });
}

function Span({ silence, now }: { silence: Silence; now: number }) {
  if (silence.state === "ended") return <>ended {silence.ended_by ? `by ${silence.ended_by.name}` : `because ${END_REASONS[silence.end_reason ?? ""] ?? silence.end_reason}`}</>;
  const till = silence.ends_at ? `until ${untilText(silence.ends_at, now)}` : "no end set";
  if (silence.state === "pending") return <>from {untilText(silence.starts_at, now)} {till}</>;
  return (
    <span title={silence.ends_at ? fullTime(silence.ends_at) : undefined}>
      {till}
      {silence.ends_at && `, ${duration(Date.parse(silence.ends_at) - now)} left`}
    </span>
  );
}

function Row({ silence, here, holding, now, onEdit }: { silence: Silence; here: boolean; holding?: number; now: number; onEdit?: () => void }) {
  const source = useNames("integrations");
  const may = useCan("silences", "end");
  const also = [silence.until_resolved && "or when all of it is resolved", silence.expires_when_idle && "or when nothing has matched for an hour"].filter(Boolean).join(", ");
  return (
    <ListRow
      here={here}
      actions={
        silence.state !== "ended" && (
          <>
            {onEdit && (
              <Button small onClick={onEdit}>
                Edit
              </Button>
            )}
            {may && (
              <Button small onClick={() => end(silence)}>
                End now
              </Button>
            )}
          </>
        )
      }
    >
      <div className="flex flex-wrap items-center gap-2">
        <Badge tone={silence.state === "active" ? "blue" : "grey"}>{silence.state === "active" ? "In force" : silence.state === "pending" ? "To come" : "Ended"}</Badge>
        {endsSoon(silence, now) && <Badge tone="amber">Ends soon</Badge>}
        {silence.when ? <code className="foreign font-mono text-xs">{silence.when}</code> : <MatcherChips matchers={readMatchers(silence.matchers)} />}
      </div>
      <p className="mt-1 tabular-nums">
        <Span silence={silence} now={now} />
        {silence.state !== "ended" && also && <span className="text-quiet">, {also}</span>}
      </p>
      {silence.comment && <p className="foreign">{silence.comment}</p>}
      <p className="text-xs text-quiet">
        {silence.created_by?.name && `by ${silence.created_by.name}, `}
        {untilText(silence.created_at, now)}
        {silence.integration_id && `, only from ${source(silence.integration_id) ?? "one source"}`}
        {silence.state === "active" && holding !== undefined && `, holds ${holding.toLocaleString()} open ${holding === 1 ? "alert" : "alerts"}`}
      </p>
    </ListRow>
  );
}
