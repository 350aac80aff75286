/* A silence: what, how long, why; with what it hides while one types. From an alert it is filled in, and made by one click. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { type Alert, api, type Silence } from "@/lib/api";
import { type Matcher, matchersOf, readMatchers } from "@/lib/matchers";
import { namesQuery } from "@/lib/query";
import { localZone } from "@/lib/time";
import { useWrite } from "@/lib/write";
import { Area, Checkbox, Field, Input, Segments, Select } from "@/ui/form";
import { FormShell, ThingDialog, Wrong } from "@/ui/form-shell";
import { Matchers } from "@/ui/matchers";
import { Skeleton } from "@/ui/parts";
import { silenceQuery } from "./api";
import { toInstant, toLocal } from "../oncall/cover";
import { Preview, usePreview, type What } from "./preview";

const CelEditor = lazy(() => import("@/ui/cel-editor"));
const LENGTHS = [
  { value: "1800", label: "30 min" },
  { value: "3600", label: "1 h" },
  { value: "14400", label: "4 h" },
  { value: "86400", label: "1 day" },
  { value: "at", label: "Until…" },
  { value: "open", label: "No end" },
];

interface Draft {
  way: "matchers" | "cel";
  matchers: Matcher[];
  when: string;
  integration: string;
  length: string;
  starts: string; // on the wall here; empty: now
  ends: string;
  untilResolved: boolean;
  whenIdle: boolean;
  comment: string;
}

const wall = (at: number) => toLocal(at, localZone());
const instant = (text: string) => new Date(toInstant(text, localZone())).toISOString();

function draftOf(silence?: Silence, alert?: Alert): Draft {
  const inTwo = wall(Math.ceil(Date.now() / 900_000) * 900_000 + 7_200_000);
  return {
    way: silence?.when ? "cel" : "matchers",
    matchers: silence ? readMatchers(silence.matchers) : alert ? matchersOf(alert) : [{ name: "", op: "=", value: "" }],
    when: silence?.when ?? "",
    integration: silence?.integration_id ?? alert?.integration_id ?? "",
    length: silence ? (silence.ends_at ? "at" : "open") : "3600",
    starts: silence?.state === "pending" ? wall(Date.parse(silence.starts_at)) : "",
    ends: silence?.ends_at ? wall(Date.parse(silence.ends_at)) : inTwo,
    untilResolved: silence?.until_resolved ?? false,
    whenIdle: silence?.expires_when_idle ?? false,
    comment: silence?.comment ?? "",
  };
}

/* What it is about; undefined while nothing is said yet. */
export function whatOf({ way, matchers, when, integration }: Pick<Draft, "way" | "matchers" | "when" | "integration">): What | undefined {
  const named = matchers.filter((one) => one.name.trim());
  if (way === "cel" ? !when.trim() : !named.length) return undefined;
  return { ...(way === "cel" ? { when: when.trim() } : { matchers: named }), ...(integration && { integration_id: integration }) };
}

/* The time of a new one is counted by the server's clock. */
function spanOf(draft: Draft, old?: Silence) {
  const starts = draft.starts ? { starts_at: instant(draft.starts) } : old?.state === "pending" ? { starts_at: new Date().toISOString() } : {};
  const end = draft.length === "at" ? { ends_at: instant(draft.ends) } : draft.length === "open" ? { ends_at: null } : old ? { ends_at: new Date(Date.now() + Number(draft.length) * 1000).toISOString() } : { for_s: Number(draft.length) };
  return { ...starts, ...end, until_resolved: draft.untilResolved, expires_when_idle: draft.whenIdle };
}

export function SilenceForm({ silence, alert, onDone }: { silence?: Silence; alert?: Alert; onDone: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(silence, alert));
  const [later, setLater] = useState(!!draft.starts);
  const sources = useQuery(namesQuery("integrations")).data ?? [];
  const set = (change: Partial<Draft>) => setDraft((old) => ({ ...old, ...change }));
  const what = whatOf(draft);
  const preview = usePreview(what);
  const byItself = draft.untilResolved || draft.whenIdle;

  const write = useWrite<Silence>({
    old: silence,
    load: () => api("GET /silences/{id}", { id: silence!.id }),
    send: (body, version) => (silence ? api("PATCH /silences/{id}", { id: silence.id, version, body }) : api("POST /silences", { body: body as never })),
    again: ["silences", "quiet", "alerts"],
    said: silence ? "The silence is changed" : "Silenced",
    done: onDone,
  });
  const { at } = write;
  const changed = silence && { ...(draft.way === "cel" ? { matchers: [] } : { when: null }), integration_id: draft.integration || null };
  const body = () => ({ ...(what ?? { matchers: [] }), ...spanOf(draft, silence), comment: draft.comment.trim(), ...changed });

  return (
    <FormShell write={write} body={body} onCancel={onDone} submit={silence ? "Save" : draft.starts ? "Plan it" : "Silence"}>
      <div>
        <Segments
          label="How it is said"
          value={draft.way}
          onChange={(way) => set({ way })}
          options={[
            { value: "matchers", label: "Labels" },
            { value: "cel", label: "Expression" },
          ]}
        />
      </div>
      {draft.way === "matchers" ? (
        <Matchers label="Alerts for which all of this holds" value={draft.matchers} onChange={(matchers) => set({ matchers })} offer={alert && matchersOf(alert)} error={at("matchers")} />
      ) : (
        <Field label="Alerts for which this holds" error={at("when")} hint="An expression over the alert, as in rules: service.tier == 'tier3' && alert.priority == 'p4'">
          {() => (
            <Suspense fallback={<Skeleton className="h-20" />}>
              <CelEditor label="Expression" value={draft.when} onChange={(when) => set({ when })} place="rule" hint={'alert.priority == "p4"'} />
            </Suspense>
          )}
        </Field>
      )}
      <label className="flex min-w-0 flex-wrap items-center gap-2">
        <span>Only alerts of</span>
        <Select className="!w-44" aria-label="Source" value={draft.integration} onChange={(e) => set({ integration: e.target.value })}>
          <option value="">every source</option>
          {sources.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </Select>
      </label>
      <Preview of={what} query={preview} />
      <div className="flex flex-col gap-2">
        <span className="font-medium">{silence ? "From now on" : "For"}</span>
        <div className="flex flex-wrap items-center gap-2">
          <Segments label="How long" value={draft.length} onChange={(length) => set({ length, ...(length === "open" && !byItself && { untilResolved: true }) })} options={LENGTHS} />
          {draft.length === "at" && <Input type="datetime-local" required className="!w-auto" aria-label="Until" value={draft.ends} onChange={(e) => set({ ends: e.target.value })} />}
        </div>
        {silence?.state !== "active" && (
          <div className="flex flex-wrap items-center gap-2">
            <label className="flex items-center gap-2">
              <Checkbox
                checked={later}
                onChange={(e) => {
                  setLater(e.target.checked);
                  set({ starts: e.target.checked ? wall(Math.ceil(Date.now() / 900_000) * 900_000) : "" });
                }}
              />
              Begins later
            </label>
            {later && <Input type="datetime-local" required className="!w-auto" aria-label="From" value={draft.starts} onChange={(e) => set({ starts: e.target.value })} />}
          </div>
        )}
        <label className="flex items-center gap-2">
          <Checkbox checked={draft.untilResolved} onChange={(e) => set({ untilResolved: e.target.checked })} />
          Ends, too, when everything that it holds is resolved
        </label>
        <label className="flex items-center gap-2">
          <Checkbox checked={draft.whenIdle} onChange={(e) => set({ whenIdle: e.target.checked })} />
          Ends, too, when nothing has matched it for an hour
        </label>
        <Wrong text={at("starts_at", "ends_at", "for_s")} />
      </div>
      <Field label="Why" optional error={at("comment")} hint="Shown on every alert that it holds.">
        {(a) => <Area {...a} className="!min-h-12" maxLength={2000} placeholder="The database is moved; Ann is on it" value={draft.comment} onChange={(e) => set({ comment: e.target.value })} />}
      </Field>
    </FormShell>
  );
}

/* Over a list or an alert. */
export default function SilenceDialog({ id, alert, onClose }: { id?: string; alert?: Alert; onClose: () => void }) {
  const query = useQuery({ ...silenceQuery(id ?? ""), enabled: !!id });
  return (
    <ThingDialog id={id} query={query} title={id ? "Silence" : alert ? "Silence what is like this" : "New silence"} sub={alert && `${alert.number}, and every alert with the labels below.`} again={[]} onClose={onClose}>
      {(silence) => (silence?.state === "ended" ? <p className="text-quiet">This silence has ended; it stays as it was.</p> : <SilenceForm silence={silence} alert={alert} onDone={onClose} />)}
    </ThingDialog>
  );
}
