/* My shifts in a calendar program: secret addresses, shown once. */
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { api, type CalendarFeed } from "@/lib/api";
import { namesQuery, queryClient, useCan, useMe, useNames } from "@/lib/query";
import { useWrite } from "@/lib/write";
import { Button } from "@/ui/button";
import { Field, Select } from "@/ui/form";
import { FormShell } from "@/ui/form-shell";
import { List, ListRow } from "@/ui/list";
import { Dialog } from "@/ui/overlay";
import { Card, Code, When } from "@/ui/parts";
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
      <List
        bare
        query={list}
        rows={rows}
        skeleton={1}
        empty={<p className="p-4 text-quiet">Google, Outlook and Apple calendars subscribe to an address that you make here; overrides and covers are in it.</p>}
      >
        {(one) => (
          <ListRow
            key={one.id}
            actions={
              <Button small look="danger" onClick={() => setRevoking(one)} aria-label={`Revoke: ${what(one)}, ${one.hint ?? ""}`}>
                Revoke
              </Button>
            }
          >
            <p className="foreign">{what(one)}</p>
            <p className="text-xs text-quiet">
              {one.hint && <span className="font-mono">{one.hint}…</span>} made <When at={one.created_at} />
              {alarmWords(one.alarm_minutes) && ` · reminder ${alarmWords(one.alarm_minutes)}`}
            </p>
          </ListRow>
        )}
      </List>
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
  const write = useWrite<CalendarFeed>({ send: (body) => api("POST /calendar-feeds", { body: body as never }), again: ["calendar-feeds"], said: "The address is made", done: setMade });
  const body = () => ({ schedule_id: schedule || null, alarm_minutes: alarm ? Number(alarm) : null });
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
      <FormShell write={write} body={body} onCancel={onClose} submit="Make it">
        <Field label="What" error={write.at("schedule_id")}>
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
        <Field label="Reminder" error={write.at("alarm_minutes")}>
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
      </FormShell>
    </Dialog>
  );
}
