/* A heartbeat: how often, how late it may be, whose its alert is; and how a job calls it. */
import { useQuery } from "@tanstack/react-query";
import { Check, Radio } from "lucide-react";
import { useState } from "react";
import { api, type Heartbeat } from "@/lib/api";
import { namesQuery } from "@/lib/query";
import { useWrite } from "@/lib/write";
import { Checkbox, Field, Input, Segments, Select } from "@/ui/form";
import { FormShell, ThingDialog, Wrong } from "@/ui/form-shell";
import { Dialog } from "@/ui/overlay";
import { Code, Copyable } from "@/ui/parts";

const UNITS: [number, string][] = [
  [60, "minutes"],
  [3600, "hours"],
  [86400, "days"],
  [1, "seconds"],
];
const split = (s: number): [number, number] => {
  const unit = [86400, 3600, 60].find((u) => s >= u && s % u === 0) ?? 1;
  return [s / unit, unit];
};

/* So many of a unit, as seconds. */
function Length({ label, value, onChange, least = 1 }: { label: string; value: number; onChange: (s: number) => void; least?: number }) {
  const [unit, setUnit] = useState(() => split(value)[1]);
  return (
    <div className="flex items-center gap-2">
      <Input type="number" required min={least} step="any" className="!w-24" aria-label={label} value={value / unit} onChange={(e) => onChange(Math.round(Number(e.target.value) * unit))} />
      <Select
        className="!w-auto"
        aria-label={`${label}: unit`}
        value={unit}
        onChange={(e) => {
          const next = Number(e.target.value);
          onChange(Math.round((value / unit) * next));
          setUnit(next);
        }}
      >
        {UNITS.map(([u, name]) => (
          <option key={u} value={u}>
            {name}
          </option>
        ))}
      </Select>
    </div>
  );
}

function HeartbeatForm({ old, onDone }: { old?: Heartbeat; onDone: (made?: Heartbeat) => void }) {
  const services = useQuery(namesQuery("services")).data ?? [];
  const teams = useQuery(namesQuery("teams")).data ?? [];
  const [name, setName] = useState(old?.name ?? "");
  const [way, setWay] = useState<"period" | "cron">(old?.cron ? "cron" : "period");
  const [period, setPeriod] = useState(old?.period_s ?? 3600);
  const [cron, setCron] = useState(old?.cron ?? "30 2 * * *");
  const [zone, setZone] = useState(old?.time_zone ?? "");
  const [grace, setGrace] = useState(old?.grace_s ?? 300);
  const [service, setService] = useState(old?.service_id ?? "");
  const [team, setTeam] = useState(old?.team_id ?? "");
  const [priority, setPriority] = useState<string>(old?.priority ?? "");
  const [autoArm, setAutoArm] = useState(old?.auto_arm ?? true);
  const write = useWrite<Heartbeat>({
    old,
    load: () => api("GET /heartbeats/{id}", { id: old!.id }),
    send: (body, version) => (old ? api("PATCH /heartbeats/{id}", { id: old.id, version, body }) : api("POST /heartbeats", { body: body as never })),
    again: ["heartbeats"],
    said: old ? "The heartbeat is changed" : "The heartbeat is made",
    done: (made) => onDone(old ? undefined : made),
  });
  const { at } = write;
  const body = () => {
    const when = way === "cron" ? { cron, period_s: null, time_zone: zone || null } : { period_s: period, cron: null, time_zone: null };
    return { name, ...when, grace_s: grace, service_id: service || null, team_id: team || null, priority: priority || null, auto_arm: autoArm };
  };
  const choice = (label: string, value: string, set: (value: string) => void, list: { id: string; name: string }[], error?: string) => (
    <Field label={label} optional error={error}>
      {(a) => (
        <Select {...a} value={value} onChange={(e) => set(e.target.value)}>
          <option value="">–</option>
          {list.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
  return (
    <FormShell write={write} body={body} onCancel={() => onDone()} submit={old ? "Save" : "Make"}>
      <Field label="Name" error={at("name")}>
        {(a) => <Input {...a} required maxLength={120} dir="auto" placeholder="Backup of the database" value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <div className="flex flex-col gap-2">
        <span className="font-medium">It calls</span>
        <Segments
          label="How often"
          value={way}
          onChange={setWay}
          options={[
            { value: "period", label: "Every …" },
            { value: "cron", label: "At times (cron)" },
          ]}
        />
        {way === "period" ? (
          <Length label="Every" value={period} onChange={setPeriod} />
        ) : (
          <div className="flex flex-wrap items-center gap-2">
            <Input className="!w-40 font-mono" aria-label="Times (cron)" value={cron} onChange={(e) => setCron(e.target.value)} />
            <span>by the clocks of</span>
            <Input className="!w-44" aria-label="Time zone" placeholder="the organization's" value={zone} onChange={(e) => setZone(e.target.value)} />
          </div>
        )}
        <Wrong text={at("period_s", "cron", "time_zone")} />
      </div>
      <Field label="It may be late" hint="Then its alert opens." error={at("grace_s")}>
        {() => <Length label="It may be late" value={grace} onChange={setGrace} least={0} />}
      </Field>
      <div className="grid gap-4 sm:grid-cols-3">
        {choice("Service", service, setService, services, at("service_id"))}
        {choice("Team", team, setTeam, teams, at("team_id"))}
        {choice("Priority of its alert", priority, setPriority, ["p1", "p2", "p3", "p4"].map((id) => ({ id, name: id.toUpperCase() })), at("priority"))}
      </div>
      <label className="flex items-center gap-2">
        <Checkbox checked={autoArm} onChange={(e) => setAutoArm(e.target.checked)} /> Expected from its first call on
      </label>
    </FormShell>
  );
}

const oneQuery = (id: string) => ({ queryKey: ["heartbeats", "one", id], queryFn: () => api("GET /heartbeats/{id}", { id }) });

export function HeartbeatDialog({ id, onClose }: { id?: string; onClose: (made?: Heartbeat) => void }) {
  const query = useQuery({ ...oneQuery(id ?? ""), enabled: !!id });
  return (
    <ThingDialog id={id} query={query} title="New heartbeat" note={() => "Removing it makes its address refuse what calls."} remove={(one) => api("DELETE /heartbeats/{id}", { id: one.id })} again={["heartbeats"]} onClose={() => onClose()}>
      {(one) => <HeartbeatForm old={one} onDone={onClose} />}
    </ThingDialog>
  );
}

/* The address, how a job uses it, and a live wait for the first call. */
export function PingDialog({ id, first, onClose }: { id: string; first: Heartbeat; onClose: () => void }) {
  const one = useQuery({ ...oneQuery(id), initialData: first }).data;
  const [before] = useState(first.last_ping_at);
  const came = !!one.last_ping_at && one.last_ping_at !== before;
  const url = one.url ?? "";
  return (
    <Dialog open onClose={onClose} wide reading title={one.name} sub="Call this address each time the work is done. GET, HEAD and POST do.">
      <div className="flex flex-col gap-4">
        <div className="flex items-center gap-2">
          <code className="foreign min-w-0 flex-1 rounded-md border border-line bg-ground px-3 py-2 font-mono text-xs">{url}</code>
          <Copyable text={url} label="Copy URL" />
        </div>
        <p role="status" className={`flex items-center gap-2 rounded-md px-3 py-2 ${came ? "bg-green-wash text-green" : "bg-hover"}`}>
          {came ? <Check className="size-4" aria-hidden /> : <Radio className="shimmer size-4 text-accent-ink" aria-hidden />}
          {came ? "It has called." : "Waiting for a call… This tells you when it comes."}
        </p>
        <div>
          <p className="mb-1 text-quiet">At the end of a job, also when it fails: its exit status opens the alert at once.</p>
          <Code text={`0 2 * * *  backup.sh; curl -fsS -m 10 --retry 5 ${url}/$?`} />
        </div>
        <div>
          <p className="mb-1 text-quiet">When it begins, and when it has failed:</p>
          <Code text={`curl -fsS ${url}/start\ncurl -fsS ${url}/fail`} />
        </div>
      </div>
    </Dialog>
  );
}
