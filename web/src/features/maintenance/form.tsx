/* A maintenance window: what is worked on, when, and whether it comes again. */
import { useQuery } from "@tanstack/react-query";
import clsx from "clsx";
import { useState } from "react";
import { api, type MaintenanceWindow } from "@/lib/api";
import { type Matcher, readMatchers } from "@/lib/matchers";
import { namesQuery, organizationQuery } from "@/lib/query";
import { useWrite } from "@/lib/write";
import { Area, Checkbox, Field, Input, Select } from "@/ui/form";
import { FormShell, ThingDialog, Wrong } from "@/ui/form-shell";
import { Matchers } from "@/ui/matchers";
import { toInstant, toLocal } from "../oncall/cover";
import { type Day, DAY_NAMES, DAYS, type Freq, type Recurrence, readRule, ruleWords, windowQuery, writeRule } from "./api";

const KINDS = ["maintenance-windows", "quiet", "alerts"];
const LENGTHS: [number, string][] = [
  [1800, "30 minutes"],
  [3600, "1 hour"],
  [7200, "2 hours"],
  [14400, "4 hours"],
  [28800, "8 hours"],
  [86400, "1 day"],
  [604800, "1 week"],
];
const ANNOUNCE: [number, string][] = [
  [0, "not at all"],
  [900, "15 minutes before"],
  [3600, "1 hour before"],
  [86400, "1 day before"],
];

function Many({ label, kind, value, onChange }: { label: string; kind: "services" | "integrations"; value: string[]; onChange: (value: string[]) => void }) {
  const all = useQuery(namesQuery(kind)).data ?? [];
  if (!all.length) return null;
  return (
    <fieldset>
      <legend className="mb-1 font-medium">{label}</legend>
      <div className="flex max-h-28 flex-wrap gap-x-4 gap-y-1 overflow-y-auto rounded-md border border-line p-2">
        {all.map((one) => (
          <label key={one.id} className="flex min-w-0 items-center gap-1.5">
            <Checkbox checked={value.includes(one.id)} onChange={(e) => onChange(e.target.checked ? [...value, one.id] : value.filter((id) => id !== one.id))} />
            <span className="foreign truncate">{one.name}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Again({ value, onChange }: { value: Recurrence; onChange: (value: Recurrence) => void }) {
  const set = (change: Partial<Recurrence>) => onChange({ ...value, ...change });
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Select className="!w-auto" aria-label="Comes again" value={value.freq} onChange={(e) => set({ freq: e.target.value as Freq })}>
        <option value="once">Once</option>
        <option value="daily">Daily</option>
        <option value="weekly">Weekly</option>
        <option value="monthly">Monthly</option>
        <option value="own">By a rule of its own</option>
      </Select>
      {["daily", "weekly", "monthly"].includes(value.freq) && (
        <label className="flex items-center gap-2">
          every <Input type="number" min={1} max={99} className="!w-16" aria-label="Every how many" value={value.every} onChange={(e) => set({ every: Math.max(1, Number(e.target.value)) })} />
          {value.freq === "daily" ? "days" : value.freq === "weekly" ? "weeks" : "months"}
        </label>
      )}
      {value.freq === "weekly" && (
        <div role="group" aria-label="On" className="flex flex-wrap gap-1">
          {DAYS.map((day: Day) => (
            <button
              key={day}
              type="button"
              aria-pressed={value.days.includes(day)}
              onClick={() => set({ days: value.days.includes(day) ? value.days.filter((one) => one !== day) : [...value.days, day] })}
              className={clsx("h-7 rounded-md border px-2 text-xs font-medium max-md:h-10", value.days.includes(day) ? "border-transparent bg-accent text-white" : "border-line bg-surface text-quiet")}
            >
              {DAY_NAMES[day]}
            </button>
          ))}
        </div>
      )}
      {value.freq === "own" && <Input className="min-w-56 flex-1 font-mono !text-xs" aria-label="Rule (RFC 5545)" placeholder="FREQ=MONTHLY;BYDAY=1SA" value={value.text} onChange={(e) => set({ text: e.target.value })} />}
    </div>
  );
}

export function WindowForm({ window: old, onDone }: { window?: MaintenanceWindow; onDone: () => void }) {
  const organization = useQuery(organizationQuery).data;
  const teams = useQuery(namesQuery("teams")).data ?? [];
  const firstZone = old?.time_zone ?? organization?.time_zone ?? "UTC";
  const [name, setName] = useState(old?.name ?? "");
  const [zone, setZone] = useState(firstZone);
  const [starts, setStarts] = useState(() => toLocal(old ? Date.parse(old.starts_at) : Math.ceil(Date.now() / 900_000) * 900_000, firstZone));
  const [length, setLength] = useState(() => (old ? Math.round((Date.parse(old.ends_at) - Date.parse(old.starts_at)) / 1000) : 7200));
  const [atOnce, setAtOnce] = useState(!old);
  const [again, setAgain] = useState<Recurrence>(() => readRule(old?.rrule ?? null));
  const [services, setServices] = useState<string[]>(old?.service_ids ?? []);
  const [sources, setSources] = useState<string[]>(old?.integration_ids ?? []);
  const [matchers, setMatchers] = useState<Matcher[]>(readMatchers(old?.matchers));
  const [team, setTeam] = useState(old?.team_id ?? "");
  const [announce, setAnnounce] = useState(old?.announce_before_s ?? 900);
  const [comment, setComment] = useState(old?.comment ?? "");
  const lengths = LENGTHS.some(([s]) => s === length) ? LENGTHS : [...LENGTHS, [length, `${Math.round(length / 60)} minutes`] as [number, string]];

  const write = useWrite<MaintenanceWindow>({
    old,
    load: () => api("GET /maintenance-windows/{id}", { id: old!.id }),
    send: (body, version) => (old ? api("PATCH /maintenance-windows/{id}", { id: old.id, version, body }) : api("POST /maintenance-windows", { body: body as never })),
    again: KINDS,
    said: old ? "The window is changed" : atOnce ? "Maintenance has begun" : "The window is planned",
    done: onDone,
  });
  const { at } = write;
  const body = () => {
    const begin = toInstant(starts, zone);
    const what = { name, service_ids: services, integration_ids: sources, matchers: matchers.filter((one) => one.name.trim()), rrule: writeRule(again), time_zone: zone, team_id: team || null, announce_before_s: announce, comment: comment.trim() };
    const span = { starts_at: new Date(begin).toISOString(), ends_at: new Date(begin + length * 1000).toISOString() };
    return { ...what, ...(!old && atOnce ? { for_s: length } : span) };
  };

  return (
    <FormShell write={write} body={body} onCancel={onDone} submit={old ? "Save" : atOnce ? "Begin" : "Plan it"} note={again.freq !== "once" && ruleWords(writeRule(again))}>
      <Field label="Name" error={at("name")}>
        {(a) => <Input {...a} required maxLength={120} dir="auto" placeholder="Upgrade of the database" value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <Many label="Services" kind="services" value={services} onChange={setServices} />
      <Many label="Sources" kind="integrations" value={sources} onChange={setSources} />
      <Matchers label="Or alerts for which all of this holds" value={matchers} onChange={setMatchers} error={at("service_ids", "integration_ids", "matchers")} />
      <div className="flex flex-col gap-2">
        <span className="font-medium">When</span>
        {!old && (
          <label className="flex items-center gap-2">
            <Checkbox checked={atOnce} onChange={(e) => setAtOnce(e.target.checked)} /> It begins now
          </label>
        )}
        <div className="flex flex-wrap items-center gap-2">
          {!atOnce && (
            <>
              <Input type="datetime-local" required className="!w-auto" aria-label="From" value={starts} onChange={(e) => setStarts(e.target.value)} />
              <span>for</span>
            </>
          )}
          <Select className="!w-auto" aria-label="How long" value={length} onChange={(e) => setLength(Number(e.target.value))}>
            {lengths.map(([s, label]) => (
              <option key={s} value={s}>
                {label}
              </option>
            ))}
          </Select>
          <span>by the clocks of</span>
          <Input className="!w-44" aria-label="Time zone" list="window-zones" value={zone} onChange={(e) => setZone(e.target.value)} />
          <datalist id="window-zones">
            {Intl.supportedValuesOf("timeZone").map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </div>
        <Again value={again} onChange={setAgain} />
        <Wrong text={at("starts_at", "ends_at", "for_s", "rrule", "time_zone")} />
      </div>
      <div className="flex flex-wrap gap-4">
        <Field label="Team" optional error={at("team_id")}>
          {(a) => (
            <Select {...a} className="!w-44" value={team} onChange={(e) => setTeam(e.target.value)}>
              <option value="">–</option>
              {teams.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Its team is told" hint={team ? "And at the end, with what is still triggered." : "Choose a team to be told."}>
          {(a) => (
            <Select {...a} className="!w-44" disabled={!team} value={announce} onChange={(e) => setAnnounce(Number(e.target.value))}>
              {(ANNOUNCE.some(([s]) => s === announce) ? ANNOUNCE : [...ANNOUNCE, [announce, `${Math.round(announce / 60)} minutes before`] as [number, string]]).map(([s, label]) => (
                <option key={s} value={s}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      <Field label="Why" optional error={at("comment")} hint="Shown on every alert that it holds.">
        {(a) => <Area {...a} className="!min-h-12" maxLength={2000} value={comment} onChange={(e) => setComment(e.target.value)} />}
      </Field>
    </FormShell>
  );
}

export default function WindowDialog({ id, onClose }: { id?: string; onClose: () => void }) {
  const query = useQuery({ ...windowQuery(id ?? ""), enabled: !!id });
  const organization = useQuery(organizationQuery);
  return (
    <ThingDialog
      id={id}
      query={query}
      wait={organization.isPending}
      title="New maintenance window"
      sub={!id && "What is worked on is quiet meanwhile; at the end what is still triggered pages once."}
      note={(one) => (one.state === "ended" ? "It is over. Changed to a time to come it begins anew." : ruleWords(one.rrule))}
      remove={(one) => api("DELETE /maintenance-windows/{id}", { id: one.id })}
      again={KINDS}
      onClose={onClose}
    >
      {(one) => <WindowForm window={one} onDone={onClose} />}
    </ThingDialog>
  );
}
