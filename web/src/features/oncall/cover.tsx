/* An override in three fields: who, from when, until when. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "@/lib/api";
import { namesQuery, useMe } from "@/lib/query";
import { zoneOffset } from "@/lib/time";
import { useWrite } from "@/lib/write";
import { Field, Input, Select } from "@/ui/form";
import { FormShell } from "@/ui/form-shell";
import { Dialog } from "@/ui/overlay";

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
  const write = useWrite({ send: (body) => api("POST /overrides", { body: body as never }), again: ["schedules", "on-call"], said: "The shift is covered", done: onClose });
  const body = () => ({ schedule_id: scheduleId, user_id: user, kind: "cover", starts_at: new Date(toInstant(from, zone)).toISOString(), ends_at: new Date(toInstant(to, zone)).toISOString() });
  return (
    <Dialog open onClose={onClose} title="Cover a shift" sub={`In place of everyone who is on call. Times in ${zone}.`}>
      <FormShell write={write} body={body} onCancel={onClose} submit="Cover">
        <Field label="Who" error={write.at("user_id")}>
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
          <Field label="From" error={write.at("starts_at")}>
            {(a) => <Input {...a} type="datetime-local" required value={from} onChange={(e) => setFrom(e.target.value)} />}
          </Field>
          <Field label="Until" error={write.at("ends_at")}>
            {(a) => <Input {...a} type="datetime-local" required value={to} onChange={(e) => setTo(e.target.value)} />}
          </Field>
        </div>
      </FormShell>
    </Dialog>
  );
}
