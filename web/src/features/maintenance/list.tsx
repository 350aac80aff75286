/* Maintenance windows: what is worked on now and what is planned, with their calendar. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Wrench } from "lucide-react";
import type { QuietSearch } from "@/app/router";
import { api, type MaintenanceWindow } from "@/lib/api";
import { useNow, useTitle } from "@/lib/hooks";
import { useCursor } from "@/lib/list";
import { readMatchers } from "@/lib/matchers";
import { queryClient, useCan, useNames } from "@/lib/query";
import { duration, hourMinute, untilText, dayName } from "@/lib/time";
import { Button } from "@/ui/button";
import { Segments } from "@/ui/form";
import { List, ListRow, NewButton } from "@/ui/list";
import { Badge } from "@/ui/marks";
import { MatcherChips } from "@/ui/matchers";
import { Empty } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";
import { heldBy, quietQuery } from "../quiet/api";
import { QuietHead } from "../quiet/head";
import { ruleWords, windowsQuery } from "./api";
import { WindowCalendar } from "./calendar";
import WindowDialog from "./form";

const order = (one: MaintenanceWindow) => (one.state === "active" ? "0" : "1") + (one.next_starts_at ?? "9");

export default function Maintenance() {
  useTitle("Maintenance");
  const { state, edit } = useSearch({ strict: false }) as QuietSearch;
  const navigate = useNavigate();
  const over = state === "ended";
  const query = useQuery(windowsQuery(over));
  const may = useCan("maintenance-windows", "create");
  const rows = [...(query.data?.items ?? [])].sort((a, b) => (over ? 0 : order(a).localeCompare(order(b))));
  const show = (id?: string) => void navigate({ to: "/quiet/maintenance", search: { state, edit: id } });
  const at = useCursor(rows, (row) => may && show(row.id));
  const quiet = useQuery(quietQuery()).data;
  const holding = heldBy(quiet?.items);
  return (
    <div className="mx-auto max-w-5xl">
      <QuietHead title="Maintenance" sub="What is worked on is quiet meanwhile, once or again and again. Nothing that is triggered at the end is forgotten.">
        {may && <NewButton onClick={() => show("new")}>New window</NewButton>}
      </QuietHead>
      <WindowCalendar onOpen={show} />
      <div className="mb-3">
        <Segments
          label="Which"
          value={over ? "ended" : "now"}
          onChange={(value) => navigate({ to: "/quiet/maintenance", search: { state: value === "ended" ? "ended" : undefined } })}
          options={[
            { value: "now", label: "Now and planned" },
            { value: "ended", label: "Over" },
          ]}
        />
      </div>
      <List
        query={query}
        rows={rows}
        skeleton={3}
        empty={<Empty icon={<Wrench className="size-6" aria-hidden />} title={over ? "None is over yet" : "No maintenance is planned"} action={may && !over && <Button onClick={() => show("new")}>Plan the first</Button>} />}
      >
        {(row, i) => (
          <Row key={row.id} one={row} here={i === at} holding={quiet && !quiet.more ? (holding.get(row.id) ?? 0) : undefined} onEdit={may ? () => show(row.id) : undefined} />
        )}
      </List>
      {edit && <WindowDialog id={edit === "new" ? undefined : edit} onClose={() => show()} />}
    </div>
  );
}

async function end(one: MaintenanceWindow) {
  try {
    await api("POST /maintenance-windows/{id}/end", { id: one.id });
    toast(`${one.name} has ended`, { detail: "What is still triggered and held by nothing else pages now." });
  } catch (error) {
    toastProblem(`${one.name} goes on`, error);
  }
  for (const key of ["maintenance-windows", "quiet", "alerts"]) void queryClient.invalidateQueries({ queryKey: [key] });
}

function Row({ one, here, holding, onEdit }: { one: MaintenanceWindow; here: boolean; holding?: number; onEdit?: () => void }) {
  const now = useNow();
  const service = useNames("services");
  const source = useNames("integrations");
  const team = useNames("teams");
  const mayEnd = useCan("maintenance-windows", "end");
  const about = [...one.service_ids.map((id) => service(id) ?? "a service"), ...one.integration_ids.map((id) => source(id) ?? "a source")];
  const starts = one.next_starts_at;
  const ends = one.next_ends_at;
  const same = starts && ends && dayName(starts) === dayName(ends);
  return (
    <ListRow
      here={here}
      actions={
        <>
          {onEdit && (
            <Button small onClick={onEdit}>
              Edit
            </Button>
          )}
          {mayEnd && one.state === "active" && (
            <Button small onClick={() => end(one)}>
              End now
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-wrap items-center gap-2">
        <Badge tone={one.state === "active" ? "blue" : "grey"}>{one.state === "active" ? "Now" : one.state === "scheduled" ? "Planned" : "Over"}</Badge>
        <span className="foreign font-medium">{one.name}</span>
        {one.rrule && <span className="text-quiet">{ruleWords(one.rrule)}</span>}
      </div>
      {starts && ends && (
        <p className="mt-1 tabular-nums">
          {one.state === "active" ? `until ${untilText(ends, now)}, ${duration(Date.parse(ends) - now)} left` : `${untilText(starts, now)} – ${same ? hourMinute(ends) : untilText(ends, now)}, in ${duration(Date.parse(starts) - now)}`}
        </p>
      )}
      <p className="foreign flex flex-wrap items-center gap-x-2 gap-y-1">
        {about.join(", ")}
        {one.matchers.length > 0 && <MatcherChips matchers={readMatchers(one.matchers)} />}
      </p>
      {one.comment && <p className="foreign">{one.comment}</p>}
      <p className="text-xs text-quiet">
        {one.time_zone}
        {one.team_id && `, ${team(one.team_id) ?? "its team"} is told`}
        {one.created_by?.name && `, by ${one.created_by.name}`}
        {one.state === "active" && holding !== undefined && `, holds ${holding.toLocaleString()} open ${holding === 1 ? "alert" : "alerts"}`}
      </p>
    </ListRow>
  );
}
