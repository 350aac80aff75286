/* A calendar file of another product as a layer: first who is meant, then the layer. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, isProblem, type Problem } from "@/lib/api";
import { namesQuery, queryClient } from "@/lib/query";
import { fullTime } from "@/lib/time";
import { Button } from "@/ui/button";
import { Checkbox, Field, FileInput, Input, Select } from "@/ui/form";
import { Dialog } from "@/ui/overlay";
import { toast } from "@/ui/toast";

type Tried = Awaited<ReturnType<typeof api<"POST /schedules/{id}/import-preview">>>;
const LEFT_OUT = "-";
const shifts = (count: number) => `${count} ${count === 1 ? "shift" : "shifts"}`;

export function Import({ scheduleId, onClose }: { scheduleId: string; onClose: () => void }) {
  const users = useQuery(namesQuery("users")).data ?? [];
  const [ics, setIcs] = useState("");
  const [layer, setLayer] = useState("Imported");
  const [who, setWho] = useState<Record<string, string>>({});
  const [allowed, setAllowed] = useState(false);
  const [tried, setTried] = useState<Tried>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const people = Object.entries(who).map(([text, user]) => ({ text, user_id: user === LEFT_OUT ? null : user }));
  async function run(work: () => Promise<void>) {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      if (!isProblem(error)) throw error;
      setProblem(error);
    } finally {
      setBusy(false);
    }
  }
  const look = (text: string) =>
    run(async () => {
      setIcs(text);
      setTried(undefined);
      setWho({});
      setAllowed(false);
      setTried(await api("POST /schedules/{id}/import-preview", { id: scheduleId, body: { ics: text, layer } }));
    });
  const save = () =>
    run(async () => {
      const done = await api("POST /schedules/{id}/import", { id: scheduleId, body: { ics, layer, people, allow_passed_over: allowed } });
      for (const key of ["schedules", "on-call", "handoffs"]) queryClient.invalidateQueries({ queryKey: [key] });
      toast(`${shifts(done.shifts)} in the layer ${done.layer}`);
      onClose();
    });
  const unknown = tried?.unmatched ?? [];
  return (
    <Dialog open onClose={onClose} title="Import a calendar" sub="A file as PagerDuty, Opsgenie or Google export one. It becomes a layer of fixed shifts; one of the same name is replaced.">
      <div className="flex flex-col gap-4">
        <Field label="File (.ics)" error={problem?.at("/ics")}>
          {(a) => <FileInput {...a} accept=".ics,text/calendar" onText={look} />}
        </Field>
        <Field label="Layer" error={problem?.at("/layer")}>
          {(a) => <Input {...a} required value={layer} onChange={(e) => setLayer(e.target.value)} />}
        </Field>
        {tried && (
          <p>
            {shifts(tried.shifts)} of {tried.matched.length} {tried.matched.length === 1 ? "person who is" : "people who are"} known here, from 30 days back to 400 days ahead.
          </p>
        )}
        {tried?.warnings.map((warning) => (
          <p key={warning} className="text-quiet">
            {warning}
          </p>
        ))}
        {!!tried?.warnings.length && (
          <label className="flex items-center gap-2">
            <Checkbox checked={allowed} onChange={(e) => setAllowed(e.target.checked)} />
            Import without these events: their shifts are lost
          </label>
        )}
        {unknown.map((one) => (
          <Field key={one.text} label={`Who is “${one.text}”?`} hint={`${shifts(one.shifts)}, the first at ${fullTime(one.first_at)}`}>
            {(a) => (
              <Select {...a} value={who[one.text] ?? ""} onChange={(e) => setWho({ ...who, [one.text]: e.target.value })}>
                <option value="">Nobody here has this name: choose</option>
                <option value={LEFT_OUT}>Leave these shifts out</option>
                {users.map((user) => (
                  <option key={user.id} value={user.id}>
                    {user.name}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        ))}
        {problem && !problem.at("/ics") && !problem.at("/layer") && (
          <p role="alert" className="text-red">
            {problem.errors[0]?.message ?? problem.message}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" busy={busy} disabled={!tried || (!!tried.warnings.length && !allowed) || unknown.some((one) => !who[one.text])} onClick={save}>
            Import
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
