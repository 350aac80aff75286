/* When I am away: each of my shifts in that time is asked for. */
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { span } from "@/features/oncall/calendar";
import { toInstant, toLocal } from "@/features/oncall/cover";
import { api } from "@/lib/api";
import { useNow } from "@/lib/hooks";
import { queryClient, useCan, useMe } from "@/lib/query";
import { localZone, midnight } from "@/lib/time";
import { useWrite } from "@/lib/write";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/form";
import { FormShell } from "@/ui/form-shell";
import { List, ListRow } from "@/ui/list";
import { Dialog } from "@/ui/overlay";
import { Card } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";

const AGAIN = ["absences", "cover-requests", "on-call", "schedules"];

export function Absences() {
  const me = useMe();
  const zone = me?.time_zone ?? localZone();
  const now = useNow(60_000);
  const may = useCan("absences", "create");
  const [adding, setAdding] = useState(false);
  const list = useQuery({ queryKey: ["absences", me?.id], queryFn: () => api("GET /absences", { query: { user_id: me!.id, limit: 200 } }), enabled: !!me });
  const rows = (list.data?.items ?? []).filter((one) => Date.parse(one.ends_at) > now).sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
  async function remove(id: string, version: number) {
    try {
      await api("DELETE /absences/{id}", { id, version });
      toast("You are not away then");
    } catch (error) {
      toastProblem("That was not changed", error);
    }
    for (const key of AGAIN) void queryClient.invalidateQueries({ queryKey: [key] });
  }
  return (
    <Card
      title="When I am away"
      flush
      actions={
        may && (
          <Button small onClick={() => setAdding(true)}>
            <Plus className="size-3.5" aria-hidden /> Add an absence
          </Button>
        )
      }
    >
      <List
        bare
        query={list}
        rows={rows}
        skeleton={1}
        empty={<p className="p-4 text-quiet">No absence is planned. For each shift that falls into one, somebody is asked to take it; until then you are on call. A schedule can also pass over who is away.</p>}
      >
        {(one) => (
          <ListRow
            key={one.id}
            actions={
              may && (
                <Button small onClick={() => remove(one.id, one.version)} aria-label={`Remove the absence of ${span(one, zone)}`}>
                  Remove
                </Button>
              )
            }
          >
            <span className="tabular-nums">{span(one, zone)}</span>
            {one.reason && <p className="foreign text-quiet">{one.reason}</p>}
          </ListRow>
        )}
      </List>
      {adding && me && <Away user={me.id} zone={zone} onClose={() => setAdding(false)} />}
    </Card>
  );
}

function Away({ user, zone, onClose }: { user: string; zone: string; onClose: () => void }) {
  const [from, setFrom] = useState(() => toLocal(midnight(Date.now(), zone, 1), zone));
  const [to, setTo] = useState(() => toLocal(midnight(Date.now(), zone, 2), zone));
  const [reason, setReason] = useState("");
  const write = useWrite({ send: (body) => api("POST /absences", { body: body as never }), again: AGAIN, said: "The absence is planned", done: onClose });
  const body = () => ({ user_id: user, starts_at: new Date(toInstant(from, zone)).toISOString(), ends_at: new Date(toInstant(to, zone)).toISOString(), reason });
  return (
    <Dialog open onClose={onClose} title="When I am away" sub={`Times in ${zone}.`}>
      <FormShell write={write} body={body} onCancel={onClose} submit="I am away">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="From" error={write.at("starts_at")}>
            {(a) => <Input {...a} type="datetime-local" required value={from} onChange={(e) => setFrom(e.target.value)} />}
          </Field>
          <Field label="Until" error={write.at("ends_at")}>
            {(a) => <Input {...a} type="datetime-local" required value={to} onChange={(e) => setTo(e.target.value)} />}
          </Field>
        </div>
        <Field label="Reason" optional hint="Shown to those who are asked." error={write.at("reason")}>
          {(a) => <Input {...a} maxLength={200} value={reason} onChange={(e) => setReason(e.target.value)} />}
        </Field>
      </FormShell>
    </Dialog>
  );
}
