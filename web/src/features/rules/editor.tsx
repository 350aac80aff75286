/* One rule: when, then what, and what it would do to the last request of a source, by the code that routes. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Plus, X } from "lucide-react";
import { type FormEvent, lazy, Suspense, useDeferredValue, useState } from "react";
import { type AlertRule, api, isProblem, type Problem } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { queryClient } from "@/lib/query";
import { Button, IconButton } from "@/ui/button";
import { Checkbox, Field, Input, Segments, Select } from "@/ui/form";
import { Card, Failure, PageHead, Rows, Skeleton } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";
import { type Schema, ValueEditor } from "../settings/value-editor";
import rules from "@/lib/rule-form.gen.json";
import { type Condition, fromCel, toCel } from "./cel";
import { Preview } from "./preview";
import { Try } from "./try";
import { opWords } from "./words";

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

const CelEditor = lazy(() => import("@/ui/cel-editor"));

/* What the checker says of an expression while it is typed. */
function useCheck(source: string) {
  const asked = useDeferredValue(source.trim());
  const answer = useQuery({
    queryKey: ["evaluate", "rule", asked],
    queryFn: () => api("POST /expressions/evaluate", { body: { source: asked, place: "rule", check: true, context: {} } }),
    enabled: !!asked,
    gcTime: 60_000,
  });
  // Without an alert at hand values are missing; only what is wrong with any alert is told.
  const error = asked ? answer.data?.error : undefined;
  return error?.code === "invalid" ? error : undefined;
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
  /* Two views of one rule: what stands in one stands in the other. An expression that rows cannot say stays an expression. */
  const [stuck, setStuck] = useState(false);
  function turn(view: Draft["view"]) {
    if (view === draft.view) return;
    if (view === "cel") return set({ view, when: toCel(draft) });
    const rows = fromCel(draft.when);
    setStuck(!rows);
    if (rows) set({ view, ...rows, when: "" });
  }
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
  };
  const checked = useCheck(draft.view === "cel" ? draft.when : "");
  const rest = problem?.errors.filter((e) => !["/name", "/when"].includes(e.pointer)) ?? [];

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      if (rule) await api("PATCH /alert-rules/{id}", { id: rule.id, body: body as never, version: rule.version });
      else await api("POST /alert-rules", { body: body as never });
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
                onChange={turn}
                options={[
                  { value: "rows", label: "Rows" },
                  { value: "cel", label: "CEL" },
                ]}
              />
            }
          >
            {draft.view === "rows" ? <Conditions draft={draft} set={set} /> : (
              <div className="flex flex-col gap-1">
                <Suspense fallback={<Skeleton className="h-20" />}>
                  <CelEditor label="Expression" value={draft.when} onChange={(when) => (setStuck(false), set({ when }))} place="rule" error={checked?.line && checked.column ? { line: checked.line, column: checked.column } : undefined} hint={'alert.priority == "p1"'} />
                </Suspense>
                {checked ? (
                  <div role="alert" className="text-xs text-red">
                    {checked.caret && <pre className="overflow-x-auto font-mono leading-4">{checked.caret}</pre>}
                    <p>{checked.message}</p>
                  </div>
                ) : problem?.at("/when") ? (
                  <p role="alert" className="text-xs font-medium text-red">
                    {problem.at("/when")}
                  </p>
                ) : (
                  <p className="text-xs text-quiet">alert, labels, payload, service and integration are known; Ctrl Space shows what may come.</p>
                )}
                {stuck && (
                  <p role="status" className="text-xs text-amber">
                    Rows cannot show this expression, so it stays as it is. They know comparisons of one field each, joined by && or by ||.
                  </p>
                )}
              </div>
            )}
          </Card>
          <Card title="Then">
            <ValueEditor schema={form.properties!.actions!} value={draft.actions} onChange={(actions) => set({ actions: actions as Draft["actions"] })} name="Action" />
          </Card>
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <Try rule={{ ...body, id: rule?.id, position: rule?.position }} />
          <Preview />
        </div>
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
