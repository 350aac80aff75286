/* My shifts in a calendar program: secret addresses, shown once. */
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, type CalendarFeed, isProblem, type Problem } from "@/lib/api";
import { namesQuery, queryClient, useCan, useMe, useNames } from "@/lib/query";
import { Button } from "@/ui/button";
import { Field, Select } from "@/ui/form";
import { Dialog } from "@/ui/overlay";
import { Card, Code, Failure, Rows, When } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";

const ALARMS: [string, string][] = [
  ["", "No reminder"],
  ["15", "15 minutes before a shift"],
  ["60", "1 hour before a shift"],
  ["1440", "1 day before a shift"],
];
const alarmWords = (minutes: number | null) => (minutes === null ? undefined : (ALARMS.find(([value]) => value === String(minutes))?.[1] ?? `${minutes} minutes before a shift`));

export function Feeds() {
  const me = useMe();
  const may = useCan("calendar-feeds", "create");
  const schedule = useNames("schedules");
  const [adding, setAdding] = useState(false);
  const [revoking, setRevoking] = useState<CalendarFeed>();
  const list = useQuery({ queryKey: ["calendar-feeds", me?.id], queryFn: () => api("GET /calendar-feeds", { query: { limit: 200 } }), enabled: !!me });
  const rows = (list.data?.items ?? []).filter((one) => one.user_id === me?.id);
  const what = (one: CalendarFeed) => (one.schedule_id ? `Everybody’s shifts of ${schedule(one.schedule_id) ?? "…"}` : "My own shifts of all schedules");
  return (
    <Card
      title="My shifts in a calendar"
      flush
      actions={
        may && (
          <Button small onClick={() => setAdding(true)}>
            <Plus className="size-3.5" aria-hidden /> Make an address
          </Button>
        )
      }
    >
      {list.isPending ? (
        <Rows count={1} />
      ) : list.isError ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : rows.length === 0 ? (
        <p className="p-4 text-quiet">Google, Outlook and Apple calendars subscribe to an address that you make here; overrides and covers are in it.</p>
      ) : (
        <ul className="divide-y divide-line">
          {rows.map((one) => (
            <li key={one.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
              <div className="min-w-56 flex-1">
                <p className="foreign">{what(one)}</p>
                <p className="text-xs text-quiet">
                  {one.hint && <span className="font-mono">{one.hint}…</span>} made <When at={one.created_at} />
                  {alarmWords(one.alarm_minutes) && ` · reminder ${alarmWords(one.alarm_minutes)}`}
                </p>
              </div>
              <Button small look="danger" onClick={() => setRevoking(one)} aria-label={`Revoke: ${what(one)}, ${one.hint ?? ""}`}>
                Revoke
              </Button>
            </li>
          ))}
        </ul>
      )}
      {adding && <NewFeed onClose={() => setAdding(false)} />}
      {revoking && <Revoke one={revoking} what={what(revoking)} onClose={() => setRevoking(undefined)} />}
    </Card>
  );
}

function Revoke({ one, what, onClose }: { one: CalendarFeed; what: string; onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  async function revoke() {
    setBusy(true);
    try {
      await api("DELETE /calendar-feeds/{id}", { id: one.id });
      toast("The address is revoked");
      onClose();
    } catch (error) {
      toastProblem("It was not revoked", error);
      setBusy(false);
    }
    void queryClient.invalidateQueries({ queryKey: ["calendar-feeds"] });
  }
  return (
    <Dialog open onClose={onClose} title="Revoke the address?" sub={`${what}. Calendars that subscribe to it are told nothing more; a new address has to be given to them.`}>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" busy={busy} onClick={revoke}>
          Revoke it
        </Button>
      </div>
    </Dialog>
  );
}

function NewFeed({ onClose }: { onClose: () => void }) {
  const schedules = useQuery(namesQuery("schedules")).data ?? [];
  const [schedule, setSchedule] = useState("");
  const [alarm, setAlarm] = useState("");
  const [made, setMade] = useState<CalendarFeed>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      setMade(await api("POST /calendar-feeds", { body: { schedule_id: schedule || null, alarm_minutes: alarm ? Number(alarm) : null } }));
      void queryClient.invalidateQueries({ queryKey: ["calendar-feeds"] });
    } catch (error) {
      if (isProblem(error)) setProblem(error);
    }
    setBusy(false);
  }
  if (made?.url)
    return (
      <Dialog open onClose={onClose} title="The address of your calendar" sub="It is shown now only. Whoever has it reads the calendar without signing in: keep it to yourself.">
        <Code text={made.url} />
        <p className="mt-3 text-quiet">Google: Other calendars, From URL. Outlook: Add calendar, Subscribe from web. Apple: New calendar subscription.</p>
        <div className="mt-4 flex justify-end">
          <Button look="primary" onClick={onClose}>
            I have it
          </Button>
        </div>
      </Dialog>
    );
  return (
    <Dialog open onClose={onClose} title="My shifts in a calendar">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label="What" error={problem?.at("/schedule_id")}>
          {(a) => (
            <Select {...a} value={schedule} onChange={(e) => setSchedule(e.target.value)}>
              <option value="">My own shifts of all schedules</option>
              {schedules.map((one) => (
                <option key={one.id} value={one.id}>
                  Everybody’s shifts of {one.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Reminder" error={problem?.at("/alarm_minutes")}>
          {(a) => (
            <Select {...a} value={alarm} onChange={(e) => setAlarm(e.target.value)}>
              {ALARMS.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {problem && problem.errors.length === 0 && (
          <p role="alert" className="text-red">
            {problem.message}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Make it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
