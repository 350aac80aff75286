/* Heartbeats: what must call in time, how each stands, the address that it calls. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { HeartPulse } from "lucide-react";
import { useState } from "react";
import type { QuietSearch } from "@/app/router";
import { api, type Heartbeat } from "@/lib/api";
import { useNow, useTitle } from "@/lib/hooks";
import { useCursor } from "@/lib/list";
import { queryClient, useCan, useNames } from "@/lib/query";
import { duration, untilText } from "@/lib/time";
import { Button } from "@/ui/button";
import { List, ListRow, NewButton } from "@/ui/list";
import { Badge, Priority } from "@/ui/marks";
import { Copyable, Empty, PageHead } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";
import { HeartbeatDialog, PingDialog } from "./form";

/* What is wrong stands first. */
const ORDER = ["down", "late", "up", "new", "paused"];
const STATES: Record<string, { words: string; tone: "red" | "amber" | "green" | "grey" }> = {
  down: { words: "Silent", tone: "red" },
  late: { words: "Late", tone: "amber" },
  up: { words: "In time", tone: "green" },
  new: { words: "Waits for its first", tone: "grey" },
  paused: { words: "Paused", tone: "grey" },
};

const UNITS: [number, string][] = [
  [86400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];
/* "1 hour", "90 minutes": in the largest unit that is whole. */
export function lengthWords(s: number) {
  const [unit, name] = UNITS.find(([one]) => s >= one && s % one === 0) ?? [1, "second"];
  return s === unit ? `1 ${name}` : `${s / unit} ${name}s`;
}
export const everyWords = ({ period_s, cron }: Pick<Heartbeat, "period_s" | "cron">) => (cron ? `by cron ${cron}` : `every ${lengthWords(period_s ?? 0).replace(/^1 /, "")}`);

export default function Heartbeats() {
  useTitle("Heartbeats");
  const { edit } = useSearch({ strict: false }) as QuietSearch;
  const navigate = useNavigate();
  const query = useQuery({ queryKey: ["heartbeats", "list"], queryFn: () => api("GET /heartbeats", { query: { limit: 1000 } }) });
  const may = useCan("heartbeats", "create");
  const [made, setMade] = useState<Heartbeat>();
  const rows = [...(query.data?.items ?? [])].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.name.localeCompare(b.name));
  const show = (id?: string) => void navigate({ to: "/heartbeats", search: { edit: id } });
  const at = useCursor(rows, (row) => may && show(row.id));
  return (
    <div className="mx-auto max-w-5xl">
      <PageHead title="Heartbeats" sub="A job calls an address each time it has done its work. When it does not in time, an alert opens.">
        {may && <NewButton onClick={() => show("new")}>New heartbeat</NewButton>}
      </PageHead>
      <List
        query={query}
        rows={rows}
        empty={
          <Empty icon={<HeartPulse className="size-6" aria-hidden />} title="Nothing is expected yet" action={may && <Button onClick={() => show("new")}>Make the first</Button>}>
            For backups, nightly jobs, and the monitoring itself: what fails silently is noticed here.
          </Empty>
        }
      >
        {(row, i) => (
          <Row key={row.id} one={row} here={i === at} onEdit={may ? () => show(row.id) : undefined} onPing={() => setMade(row)} />
        )}
      </List>
      {edit && (
        <HeartbeatDialog
          id={edit === "new" ? undefined : edit}
          onClose={(fresh) => {
            show();
            if (fresh) setMade(fresh);
          }}
        />
      )}
      {made && <PingDialog id={made.id} first={made} onClose={() => setMade(undefined)} />}
    </div>
  );
}

async function act(one: Heartbeat, verb: "arm" | "pause") {
  try {
    await (verb === "arm" ? api("POST /heartbeats/{id}/arm", { id: one.id }) : api("POST /heartbeats/{id}/pause", { id: one.id }));
    toast(verb === "arm" ? `${one.name} is expected from now on` : `${one.name} is paused`);
  } catch (error) {
    toastProblem("That was not changed", error);
  }
  for (const key of ["heartbeats", "alerts"]) void queryClient.invalidateQueries({ queryKey: [key] });
}

function Row({ one, here, onEdit, onPing }: { one: Heartbeat; here: boolean; onEdit?: () => void; onPing: () => void }) {
  const now = useNow();
  const service = useNames("services");
  const mayArm = useCan("heartbeats", "arm");
  const state = STATES[one.state] ?? { words: one.state, tone: "grey" as const };
  const still = one.state === "new" || one.state === "paused";
  return (
    <ListRow
      here={here}
      actions={
        <>
          {one.url && <Copyable text={one.url} label="Copy URL" />}
          <Button small onClick={onPing}>
            How to call it
          </Button>
          {mayArm && (
            <Button small onClick={() => act(one, still ? "arm" : "pause")}>
              {still ? "Expect it" : "Pause"}
            </Button>
          )}
          {onEdit && (
            <Button small onClick={onEdit}>
              Edit
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-wrap items-center gap-2">
        <Badge tone={state.tone}>{state.words}</Badge>
        <span className="foreign font-medium">{one.name}</span>
        {one.priority && <Priority of={one.priority} />}
        <span className="text-quiet">
          {everyWords(one)}, {lengthWords(one.grace_s)} grace
        </span>
      </div>
      <p className="mt-1 tabular-nums">
        {one.last_ping_at ? `heard ${duration(now - Date.parse(one.last_ping_at))} ago` : "never heard"}
        {one.due_at && !still && `, ${one.state === "up" ? "next" : "was due"} ${untilText(one.due_at, now)}`}
        {one.last_exit_status !== null && one.last_exit_status !== 0 && <span className="text-red">, gave {one.last_exit_status}</span>}
        {one.service_id && <span className="text-quiet">, {service(one.service_id)}</span>}
      </p>
      {one.last_message && <p className="foreign truncate font-mono text-xs text-quiet">{one.last_message}</p>}
    </ListRow>
  );
}
