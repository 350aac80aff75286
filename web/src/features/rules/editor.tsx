/* One rule: when, then what, and what it would do to the last request of a source, by the code that routes. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Plus, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type AlertRule, api, isProblem, type Problem } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { queryClient } from "@/lib/query";
import { Button, IconButton } from "@/ui/button";
import { Area, Checkbox, Field, Input, Segments, Select } from "@/ui/form";
import { Card, Failure, PageHead, Rows } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";
import { type Schema, ValueEditor } from "../settings/value-editor";
import rules from "@/lib/rule-form.gen.json";
import { Preview } from "./preview";
import { opWords } from "./words";

interface Condition {
  field: string;
  op?: string | null;
  value?: unknown;
}
interface Draft {
  name: string;
  enabled: boolean;
  stop: boolean;
  match: "all" | "any";
  view: "rows" | "cel";
  conditions: Condition[];
  when: string;
  integration_ids: string[];
  team_id: string | null;
  actions: Record<string, unknown>[];
}

const form = rules as unknown as Schema;
const FIELDS = ["title", "priority", "source", "service", "labels.env", "labels.severity", "description", "status", "integration"];
const NO_VALUE = ["exists", "not_exists"];

const draftOf = (rule?: AlertRule): Draft => ({
  name: rule?.name ?? "",
  enabled: rule?.enabled ?? true,
  stop: rule?.stop ?? false,
  match: (rule?.match as "all" | "any") ?? "all",
  view: rule?.when ? "cel" : "rows",
  conditions: (rule?.conditions as Condition[] | undefined) ?? [{ field: "priority", op: "in", value: ["p1", "p2"] }],
  when: rule?.when ?? "",
  integration_ids: rule?.integration_ids ?? [],
  team_id: rule?.team_id ?? null,
  actions: (rule?.actions as Record<string, unknown>[] | undefined) ?? [{ type: "page" }],
});

/* Rows as CEL, so that one can go on by hand; back there is no way but by undoing it. */
export function toCel(draft: Pick<Draft, "conditions" | "match">) {
  const field = (name: string) => (name.startsWith("labels.") ? `labels[${JSON.stringify(name.slice(7))}]` : `alert.${name}`);
  const value = (v: unknown) => JSON.stringify(v ?? "");
  const one = ({ field: name, op, value: v }: Condition) => {
    const f = field(name);
    switch (op ?? "=") {
      case "=":
      case "equals":
        return `${f} == ${value(v)}`;
      case "!=":
      case "not_equals":
        return `${f} != ${value(v)}`;
      case "contains":
        return `${f}.contains(${value(v)})`;
      case "not_contains":
        return `!${f}.contains(${value(v)})`;
      case "starts_with":
        return `${f}.startsWith(${value(v)})`;
      case "ends_with":
        return `${f}.endsWith(${value(v)})`;
      case "matches":
      case "=~":
        return `${f}.matches(${value(v)})`;
      case "not_matches":
      case "!~":
        return `!${f}.matches(${value(v)})`;
      case "in":
        return `${f} in ${JSON.stringify(Array.isArray(v) ? v : [v])}`;
      case "not_in":
        return `!(${f} in ${JSON.stringify(Array.isArray(v) ? v : [v])})`;
      case "exists":
        return `has(${f.replace(/\["(\w+)"\]$/, ".$1")})`;
      case "not_exists":
        return `!has(${f.replace(/\["(\w+)"\]$/, ".$1")})`;
      default:
        return `${f} ${op} ${value(v)}`;
    }
  };
  return draft.conditions.map(one).join(draft.match === "any" ? " || " : " && ") || "true";
}

export default function RulePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const query = useQuery({ queryKey: ["alert-rules", "one", id], queryFn: () => api("GET /alert-rules/{id}", { id }), enabled: id !== "new" });
  useTitle(query.data?.name ?? (id === "new" ? "New rule" : "Rule"));
  if (id !== "new" && query.isPending) return <Rows count={8} />;
  if (id !== "new" && !query.data) return <Failure error={query.error} retry={() => query.refetch()} />;
  return <Editor key={id} rule={query.data} />;
}

function Editor({ rule }: { rule?: AlertRule }) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState(() => draftOf(rule));
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const set = (change: Partial<Draft>) => setDraft((old) => ({ ...old, ...change }));
  const rest = problem?.errors.filter((e) => !["/name", "/when"].includes(e.pointer)) ?? [];

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    const body = {
      name: draft.name,
      enabled: draft.enabled,
      stop: draft.stop,
      match: draft.match,
      when: draft.view === "cel" ? draft.when : null,
      conditions: draft.view === "rows" ? draft.conditions : [],
      integration_ids: draft.integration_ids,
      team_id: draft.team_id,
      actions: draft.actions,
    } as never;
    try {
      if (rule) await api("PATCH /alert-rules/{id}", { id: rule.id, body, version: rule.version });
      else await api("POST /alert-rules", { body });
      queryClient.invalidateQueries({ queryKey: ["alert-rules"] });
      toast(rule ? "Saved: it holds for alerts from now on" : "Made: it holds for alerts from now on");
      navigate({ to: "/rules" });
    } catch (error) {
      if (isProblem(error)) setProblem(error);
      setBusy(false);
    }
  }
  async function remove() {
    try {
      await api("DELETE /alert-rules/{id}", { id: rule!.id });
      queryClient.invalidateQueries({ queryKey: ["alert-rules"] });
      toast(`“${rule!.name}” is removed`);
      navigate({ to: "/rules" });
    } catch (error) {
      toastProblem("It was not removed", error);
    }
  }

  return (
    <form onSubmit={submit} className="mx-auto max-w-6xl">
      <PageHead
        title={rule ? rule.name : "New rule"}
        sub={
          <Link to="/rules" className="hover:underline">
            Rules
          </Link>
        }
      >
        {rule && (
          <Button look="danger" onClick={remove}>
            Remove
          </Button>
        )}
        <Button type="submit" look="primary" busy={busy}>
          {rule ? "Save" : "Make"}
        </Button>
      </PageHead>
      {(rest.length > 0 || (problem && problem.errors.length === 0)) && (
        <div role="alert" className="mb-4 rounded-md bg-red-wash px-4 py-3 text-red">
          {rest.length ? rest.map((e) => <p key={e.pointer}>{`${e.pointer.slice(1)}: ${e.message}`}</p>) : <p>{problem!.message}</p>}
          {problem!.context && <pre className="mt-2 overflow-x-auto font-mono text-xs">{problem!.context}</pre>}
        </div>
      )}
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <Card title="Name">
            <div className="flex flex-col gap-3">
              <Field label="What people call it" error={problem?.at("/name")}>
                {(a) => <Input {...a} required maxLength={120} value={draft.name} onChange={(e) => set({ name: e.target.value })} />}
              </Field>
              <label className="flex cursor-pointer items-center gap-2">
                <Checkbox checked={draft.enabled} onChange={(e) => set({ enabled: e.target.checked })} /> On
              </label>
              <label className="flex cursor-pointer items-center gap-2">
                <Checkbox checked={draft.stop} onChange={(e) => set({ stop: e.target.checked })} /> No later rule sees an alert that fits
              </label>
            </div>
          </Card>
          <Card
            title="When"
            actions={
              <Segments
                label="How it is written"
                value={draft.view}
                onChange={(view) => set(view === "cel" && !draft.when ? { view, when: toCel(draft) } : { view })}
                options={[
                  { value: "rows", label: "Rows" },
                  { value: "cel", label: "CEL" },
                ]}
              />
            }
          >
            {draft.view === "rows" ? <Conditions draft={draft} set={set} /> : (
              <Field label="Expression" hint="alert, labels, payload, service and integration are known." error={problem?.at("/when")}>
                {(a) => <Area {...a} className="font-mono text-xs" spellCheck={false} value={draft.when} onChange={(e) => set({ when: e.target.value })} />}
              </Field>
            )}
          </Card>
          <Card title="Then">
            <ValueEditor schema={form.properties!.actions!} value={draft.actions} onChange={(actions) => set({ actions: actions as Draft["actions"] })} name="Action" />
          </Card>
        </div>
        <Preview />
      </div>
    </form>
  );
}

function Conditions({ draft, set }: { draft: Draft; set: (change: Partial<Draft>) => void }) {
  const ops = form.properties!.conditions!.items!.properties!.op!.enum!.filter((op) => typeof op === "string" && !["equals", "not_equals", "=~", "!~"].includes(op)) as string[];
  const put = (i: number, change: Partial<Condition>) => set({ conditions: draft.conditions.map((row, k) => (k === i ? { ...row, ...change } : row)) });
  const typed = (op: string, text: string) => (op === "in" || op === "not_in" ? text.split(",").map((part) => part.trim()) : text);
  return (
    <div className="flex flex-col gap-2">
      {draft.conditions.length > 1 && (
        <Segments
          label="How rows are joined"
          value={draft.match}
          onChange={(match) => set({ match })}
          options={[
            { value: "all", label: "All of" },
            { value: "any", label: "Any of" },
          ]}
        />
      )}
      <datalist id="rule-fields">
        {FIELDS.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {draft.conditions.map((row, i) => {
        const op = row.op ?? "=";
        return (
          <div key={i} className="flex flex-wrap items-center gap-2">
            <Input aria-label={`Field ${i + 1}`} list="rule-fields" className="!w-36 flex-1" value={row.field} onChange={(e) => put(i, { field: e.target.value })} />
            <Select aria-label={`Comparison ${i + 1}`} className="!w-36" value={op === "equals" ? "=" : op === "not_equals" ? "!=" : op} onChange={(e) => put(i, { op: e.target.value })}>
              {ops.map((one) => (
                <option key={one} value={one}>
                  {opWords(one)}
                </option>
              ))}
            </Select>
            {!NO_VALUE.includes(op) && (
              <Input aria-label={`Value ${i + 1}`} className="!w-40 flex-1" value={Array.isArray(row.value) ? row.value.join(", ") : String(row.value ?? "")} onChange={(e) => put(i, { value: typed(op, e.target.value) })} />
            )}
            <IconButton small label={`Remove row ${i + 1}`} onClick={() => set({ conditions: draft.conditions.filter((_, k) => k !== i) })}>
              <X className="size-4" aria-hidden />
            </IconButton>
          </div>
        );
      })}
      {draft.conditions.length === 0 && <p className="text-quiet">Every alert fits.</p>}
      <Button small className="self-start" onClick={() => set({ conditions: [...draft.conditions, { field: "", op: "=", value: "" }] })}>
        <Plus className="size-3.5" aria-hidden /> Row
      </Button>
    </div>
  );
}
