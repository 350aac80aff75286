/* When I am away: each of my shifts in that time is asked for. */
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { span } from "@/features/oncall/calendar";
import { toInstant, toLocal } from "@/features/oncall/cover";
import { api, isProblem, type Problem } from "@/lib/api";
import { useNow } from "@/lib/hooks";
import { queryClient, useCan, useMe } from "@/lib/query";
import { localZone, midnight } from "@/lib/time";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/form";
import { Dialog } from "@/ui/overlay";
import { Card, Failure, Rows } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";

const again = () => {
  for (const key of ["absences", "cover-requests", "on-call", "schedules"]) void queryClient.invalidateQueries({ queryKey: [key] });
};

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
    again();
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
      {list.isPending ? (
        <Rows count={1} />
      ) : list.isError ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : rows.length === 0 ? (
        <p className="p-4 text-quiet">No absence is planned. For each shift that falls into one, somebody is asked to take it; until then you are on call. A schedule can also pass over who is away.</p>
      ) : (
        <ul className="divide-y divide-line">
          {rows.map((one) => (
            <li key={one.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
              <span className="tabular-nums">{span(one, zone)}</span>
              <span className="foreign min-w-24 flex-1 text-quiet">{one.reason}</span>
              {may && (
                <Button small onClick={() => remove(one.id, one.version)} aria-label={`Remove the absence of ${span(one, zone)}`}>
                  Remove
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {adding && me && <Away user={me.id} zone={zone} onClose={() => setAdding(false)} />}
    </Card>
  );
}

function Away({ user, zone, onClose }: { user: string; zone: string; onClose: () => void }) {
  const [from, setFrom] = useState(() => toLocal(midnight(Date.now(), zone, 1), zone));
  const [to, setTo] = useState(() => toLocal(midnight(Date.now(), zone, 2), zone));
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await api("POST /absences", { body: { user_id: user, starts_at: new Date(toInstant(from, zone)).toISOString(), ends_at: new Date(toInstant(to, zone)).toISOString(), reason } });
      again();
      toast("The absence is planned");
      onClose();
    } catch (error) {
      if (isProblem(error)) setProblem(error);
      setBusy(false);
    }
  }
  return (
    <Dialog open onClose={onClose} title="When I am away" sub={`Times in ${zone}.`}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="From" error={problem?.at("/starts_at")}>
            {(a) => <Input {...a} type="datetime-local" required value={from} onChange={(e) => setFrom(e.target.value)} />}
          </Field>
          <Field label="Until" error={problem?.at("/ends_at")}>
            {(a) => <Input {...a} type="datetime-local" required value={to} onChange={(e) => setTo(e.target.value)} />}
          </Field>
        </div>
        <Field label="Reason" optional hint="Shown to those who are asked." error={problem?.at("/reason")}>
          {(a) => <Input {...a} maxLength={200} value={reason} onChange={(e) => setReason(e.target.value)} />}
        </Field>
        {problem && problem.errors.length === 0 && (
          <p role="alert" className="text-red">
            {problem.message}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            I am away
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
