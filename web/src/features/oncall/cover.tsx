/* An override in three fields: who, from when, until when. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, isProblem, type Problem } from "@/lib/api";
import { namesQuery, queryClient, useMe } from "@/lib/query";
import { zoneOffset } from "@/lib/time";
import { Button } from "@/ui/button";
import { Field, Input, Select } from "@/ui/form";
import { Dialog } from "@/ui/overlay";
import { toast } from "@/ui/toast";

/* "2026-01-05T09:00" of a zone as an instant, and back. */
export function toInstant(local: string, zone: string) {
  const wall = Date.parse(`${local}:00Z`);
  const guess = wall - zoneOffset(wall, zone) * 60_000;
  return wall - zoneOffset(guess, zone) * 60_000;
}
export const toLocal = (at: number, zone: string) => new Date(at + zoneOffset(at, zone) * 60_000).toISOString().slice(0, 16);

interface Props {
  scheduleId: string;
  zone: string;
  span?: [number, number];
  onClose: () => void;
}

export function Cover({ scheduleId, zone, span, onClose }: Props) {
  const users = useQuery(namesQuery("users")).data ?? [];
  const me = useMe();
  const start = Math.ceil(Date.now() / 3_600_000) * 3_600_000;
  const [user, setUser] = useState(me?.id ?? "");
  const [from, setFrom] = useState(() => toLocal(span?.[0] ?? start, zone));
  const [to, setTo] = useState(() => toLocal(span?.[1] ?? start + 8 * 3_600_000, zone));
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await api("POST /overrides", {
        body: { schedule_id: scheduleId, user_id: user, kind: "cover", starts_at: new Date(toInstant(from, zone)).toISOString(), ends_at: new Date(toInstant(to, zone)).toISOString() },
      });
      for (const key of ["schedules", "on-call"]) queryClient.invalidateQueries({ queryKey: [key] });
      toast("The shift is covered");
      onClose();
    } catch (error) {
      if (isProblem(error)) setProblem(error);
      setBusy(false);
    }
  }
  return (
    <Dialog open onClose={onClose} title="Cover a shift" sub={`In place of everyone who is on call. Times in ${zone}.`}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Who" error={problem?.at("/user_id")}>
          {(a) => (
            <Select {...a} required value={user} onChange={(e) => setUser(e.target.value)}>
              <option value="">Choose</option>
              {users.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="From" error={problem?.at("/starts_at")}>
            {(a) => <Input {...a} type="datetime-local" required value={from} onChange={(e) => setFrom(e.target.value)} />}
          </Field>
          <Field label="Until" error={problem?.at("/ends_at")}>
            {(a) => <Input {...a} type="datetime-local" required value={to} onChange={(e) => setTo(e.target.value)} />}
          </Field>
        </div>
        {problem && problem.errors.length === 0 && (
          <p role="alert" className="text-red">
            {problem.message}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Cover
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
