/* Somebody asks to be stood in for: everybody of the schedule, or one person, with a shift of theirs in return. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "@/lib/api";
import { namesQuery, useMe } from "@/lib/query";
import { localZone } from "@/lib/time";
import { useWrite } from "@/lib/write";
import { span } from "@/features/oncall/calendar";
import { toInstant, toLocal } from "@/features/oncall/cover";
import { Field, Input, Select } from "@/ui/form";
import { FormShell } from "@/ui/form-shell";
import { Dialog } from "@/ui/overlay";
import { shiftsQuery } from "./api";

export interface OwnShift {
  scheduleId: string;
  schedule: string;
  starts_at: string;
  ends_at: string;
}

export function AskForCover({ shift, onClose }: { shift: OwnShift; onClose: () => void }) {
  const me = useMe();
  const zone = me?.time_zone ?? localZone();
  const [opened] = useState(Date.now); // a shift that has begun can be given away from now on
  const start = Math.max(Date.parse(shift.starts_at), opened);
  const [from, setFrom] = useState(() => toLocal(start, zone));
  const [to, setTo] = useState(() => toLocal(Date.parse(shift.ends_at), zone));
  const [asked, setAsked] = useState("");
  const [back, setBack] = useState("");
  const [message, setMessage] = useState("");
  const people = (useQuery(namesQuery("users")).data ?? []).filter((one) => one.id !== me?.id);
  const theirs = useQuery({ ...shiftsQuery(asked), enabled: !!asked });
  const choices = theirs.data?.filter((one) => one.scheduleId === shift.scheduleId) ?? [];
  const swap = choices.find((one) => one.starts_at === back);
  const write = useWrite({
    send: (body) => api("POST /cover-requests", { body: body as never }),
    again: ["cover-requests"],
    said: swap ? "The swap is offered. Until it is taken, nothing changes" : "They are asked. Until somebody takes it, you are on call",
    done: onClose,
  });
  const body = () => ({
    schedule_id: shift.scheduleId,
    starts_at: new Date(toInstant(from, zone)).toISOString(),
    ends_at: new Date(toInstant(to, zone)).toISOString(),
    asked_user_id: asked || null,
    in_return: swap ? { starts_at: swap.starts_at, ends_at: swap.ends_at } : null,
    message,
  });
  return (
    <Dialog open onClose={onClose} title="Ask for a cover" sub={`Your shift of ${shift.schedule}. Times in ${zone}.`}>
      <FormShell write={write} body={body} onCancel={onClose} submit={back ? "Offer the swap" : "Ask"}>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="From" error={write.at("starts_at")}>
            {(a) => <Input {...a} type="datetime-local" required value={from} onChange={(e) => setFrom(e.target.value)} />}
          </Field>
          <Field label="Until" error={write.at("ends_at")}>
            {(a) => <Input {...a} type="datetime-local" required value={to} onChange={(e) => setTo(e.target.value)} />}
          </Field>
        </div>
        <Field label="Whom you ask" error={write.at("asked_user_id")} hint={asked ? "Nobody else can take it." : "Everybody of the schedule hears of it; whoever takes it first stands in."}>
          {(a) => (
            <Select
              {...a}
              value={asked}
              onChange={(e) => {
                setAsked(e.target.value);
                setBack("");
              }}
            >
              <option value="">Anybody of the schedule</option>
              {people.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {asked && (
          <Field
            label="In return you take"
            error={write.at("in_return")}
            hint={theirs.isError ? "Their shifts could not be loaded; without one it is a cover, not a swap." : theirs.data && choices.length === 0 ? "They have no shift here in the next 60 days." : "Both shifts change hands, or none."}
          >
            {(a) => (
              <Select {...a} value={back} onChange={(e) => setBack(e.target.value)}>
                <option value="">Nothing: a cover, no swap</option>
                {choices.map((one) => (
                  <option key={one.starts_at} value={one.starts_at}>
                    {span(one, zone)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        )}
        <Field label="Why" optional error={write.at("message")}>
          {(a) => <Input {...a} maxLength={500} value={message} onChange={(e) => setMessage(e.target.value)} />}
        </Field>
      </FormShell>
    </Dialog>
  );
}
