/* What I am told of my shifts, the weekly test, and when what can wait does wait. */
import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { api, isProblem, type Problem, type User } from "@/lib/api";
import { queryClient, useMe } from "@/lib/query";
import { Button, IconButton } from "@/ui/button";
import { Checkbox, Input, Select } from "@/ui/form";
import { Card, Failure, Rows } from "@/ui/parts";
import { toast } from "@/ui/toast";

const BEFORE: [number, string][] = [
  [0, "just then"],
  [900, "15 minutes before"],
  [3600, "1 hour before"],
  [86400, "1 day before"],
];
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const DAY_NAMES: Record<Test["day"], string> = { mon: "Mondays", tue: "Tuesdays", wed: "Wednesdays", thu: "Thursdays", fri: "Fridays", sat: "Saturdays", sun: "Sundays" };

export function Personal() {
  const me = useMe();
  const user = useQuery({ queryKey: ["users", "one", me?.id], queryFn: () => api("GET /users/{id}", { id: me!.id }), enabled: !!me });
  if (user.isPending) return <Rows count={3} />;
  if (user.isError) return <Failure error={user.error} retry={() => user.refetch()} />;
  // A newer version elsewhere is shown at once.
  return (
    <>
      <Notices key={`n${user.data.version}`} user={user.data} />
      <TestPage key={`t${user.data.version}`} user={user.data} />
      <QuietHours key={`q${user.data.version}`} user={user.data} />
    </>
  );
}

function useSave(user: User) {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function save(body: Partial<Pick<User, "shift_notices" | "quiet_hours" | "test_page">>) {
    setBusy(true);
    setProblem(undefined);
    try {
      await api("PATCH /users/{id}", { id: user.id, version: user.version, body });
      toast("Saved");
    } catch (error) {
      if (isProblem(error)) setProblem(error);
    }
    setBusy(false);
    void queryClient.invalidateQueries({ queryKey: ["users"] });
  }
  const told = problem && (
    <p role="alert" className="mt-2 text-red">
      {problem.errors[0]?.message ?? problem.message}
    </p>
  );
  return { save, busy, told };
}

type Notice = NonNullable<User["shift_notices"]>;

function Notices({ user }: { user: User }) {
  const before: Notice = user.shift_notices ?? { begins_s: [], ends_s: [], report: false };
  const [now, setNow] = useState(before);
  const { save, busy, told } = useSave(user);
  const toggle = (which: "begins_s" | "ends_s", s: number) => setNow({ ...now, [which]: now[which].includes(s) ? now[which].filter((one) => one !== s) : [...now[which], s].sort((a, b) => a - b) });
  const nothing = !now.begins_s.length && !now.ends_s.length && !now.report;
  return (
    <Card title="When a shift of mine begins or ends">
      {(["begins_s", "ends_s"] as const).map((which) => (
        <fieldset key={which} className="mb-3">
          <legend className="mb-1 font-medium">{which === "begins_s" ? "It begins" : "It ends"}</legend>
          <div className="flex flex-wrap gap-x-5 gap-y-2">
            {BEFORE.map(([s, label]) => (
              <label key={s} className="flex min-h-6 items-center gap-2">
                <Checkbox checked={now[which].includes(s)} onChange={() => toggle(which, s)} /> {label}
              </label>
            ))}
          </div>
        </fieldset>
      ))}
      <label className="flex min-h-6 items-center gap-2">
        <Checkbox checked={now.report} onChange={(e) => setNow({ ...now, report: e.target.checked })} /> The hand-off report of the shift before, by e-mail
      </label>
      <p className="mt-2 text-xs text-quiet">Told by the steps for what can wait. Nothing is sent that is not chosen here.</p>
      {told}
      {JSON.stringify(now) !== JSON.stringify(before) && (
        <div className="mt-3 flex gap-2">
          <Button look="primary" busy={busy} onClick={() => save({ shift_notices: nothing ? null : now })}>
            Save the notices
          </Button>
          <Button onClick={() => setNow(before)}>As before</Button>
        </div>
      )}
    </Card>
  );
}

type Test = NonNullable<User["test_page"]>;

/* Off until they choose a day: nobody is sent what they did not ask for. */
function TestPage({ user }: { user: User }) {
  const [now, setNow] = useState<Test | null>(user.test_page ?? null);
  const { save, busy, told } = useSave(user);
  return (
    <Card title="A test page each week">
      <p className="text-quiet">By the first method that an urgent page takes. It alarms nobody and asks for no answer; what became of it shows whether you would hear a page.</p>
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <Select aria-label="Day of the test page" value={now?.day ?? ""} onChange={(e) => setNow(e.target.value ? { at: "10:00", time_zone: null, ...now, day: e.target.value as Test["day"] } : null)} className="!w-40">
          <option value="">Never</option>
          {DAYS.map((day) => (
            <option key={day} value={day}>
              {DAY_NAMES[day]}
            </option>
          ))}
        </Select>
        {now && <Input type="time" required aria-label="Time of the test page" value={now.at} onChange={(e) => setNow({ ...now, at: e.target.value })} className="!w-36" />}
        {now && <span className="text-quiet">{now.time_zone ?? "by your own clock"}</span>}
      </div>
      {told}
      {JSON.stringify(now) !== JSON.stringify(user.test_page ?? null) && (
        <div className="mt-3 flex gap-2">
          <Button look="primary" busy={busy} onClick={() => save({ test_page: now })}>
            Save the test page
          </Button>
          <Button onClick={() => setNow(user.test_page ?? null)}>As before</Button>
        </div>
      )}
    </Card>
  );
}

function QuietHours({ user }: { user: User }) {
  const [now, setNow] = useState(user.quiet_hours);
  const { save, busy, told } = useSave(user);
  const change = (at: number, part: Partial<User["quiet_hours"][number]>) => setNow(now.map((one, i) => (i === at ? { ...one, ...part } : one)));
  return (
    <Card
      title="My quiet hours"
      actions={
        <Button small onClick={() => setNow([...now, { days: [], from: "22:00", to: "07:00" }])}>
          <Plus className="size-3.5" aria-hidden /> Add quiet hours
        </Button>
      }
    >
      <p className="text-quiet">What can wait is held until they end. An urgent page never waits.</p>
      <ul>
        {now.map((one, i) => (
          <li key={i} className="mt-3 flex flex-wrap items-center gap-2 rounded-md border border-line p-3">
            <Input type="time" required aria-label={`From, ${i + 1}`} value={one.from} onChange={(e) => change(i, { from: e.target.value })} className="!w-36" />
            <span className="text-quiet">to</span>
            <Input type="time" required aria-label={`To, ${i + 1}`} value={one.to} onChange={(e) => change(i, { to: e.target.value })} className="!w-36" />
            <span className="text-quiet">{one.to <= one.from && "on the next day"}</span>
            <IconButton label={`Remove quiet hours ${i + 1}`} small className="ml-auto" onClick={() => setNow(now.filter((_, k) => k !== i))}>
              <X className="size-4" aria-hidden />
            </IconButton>
            <fieldset className="flex basis-full flex-wrap gap-x-4 gap-y-1">
              <legend className="sr-only">Days on which they begin</legend>
              {DAYS.map((day) => (
                <label key={day} className="flex min-h-6 items-center gap-1.5 capitalize">
                  <Checkbox
                    checked={!one.days.length || one.days.includes(day)}
                    onChange={(e) => {
                      const next = DAYS.filter((other) => (other === day ? e.target.checked : !one.days.length || one.days.includes(other)));
                      if (next.length) change(i, { days: next.length === DAYS.length ? [] : next }); // on no day: remove them
                    }}
                  />
                  {day}
                </label>
              ))}
            </fieldset>
          </li>
        ))}
      </ul>
      {told}
      {JSON.stringify(now) !== JSON.stringify(user.quiet_hours) && (
        <div className="mt-3 flex gap-2">
          <Button look="primary" busy={busy} onClick={() => save({ quiet_hours: now })}>
            Save the quiet hours
          </Button>
          <Button onClick={() => setNow(user.quiet_hours)}>As before</Button>
        </div>
      )}
    </Card>
  );
}
