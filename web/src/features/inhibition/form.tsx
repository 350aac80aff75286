/* An inhibition rule: while an alert is open, others are quiet. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type InhibitionRule, isProblem, type Problem } from "@/lib/api";
import { type Matcher, readMatchers } from "@/lib/matchers";
import { queryClient } from "@/lib/query";
import { Button } from "@/ui/button";
import { Checkbox, Field, Input, Segments } from "@/ui/form";
import { Matchers } from "@/ui/matchers";
import { Dialog } from "@/ui/overlay";
import { Failure, Rows } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";

const EMPTY: Matcher[] = [{ name: "", op: "=", value: "" }];
const named = (list: Matcher[]) => list.filter((one) => one.name.trim());
const changed = () => {
  for (const key of ["inhibition-rules", "quiet", "alerts"]) void queryClient.invalidateQueries({ queryKey: [key] });
};

export function RuleForm({ rule: old, onDone }: { rule?: InhibitionRule; onDone: () => void }) {
  const [name, setName] = useState(old?.name ?? "");
  const [enabled, setEnabled] = useState(old?.enabled ?? true);
  const [source, setSource] = useState<Matcher[]>(old ? readMatchers(old.source) : EMPTY);
  const [target, setTarget] = useState<Matcher[]>(old ? readMatchers(old.target) : EMPTY);
  const [scope, setScope] = useState<"equal" | "all">(old?.scope ?? "equal");
  const [equal, setEqual] = useState((old?.equal ?? []).join(", "));
  const [missing, setMissing] = useState(old?.missing_equal ?? false);
  const [wait, setWait] = useState(old?.wait_s?.toString() ?? "");
  const [release, setRelease] = useState(old?.release_s?.toString() ?? "");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const at = (...names: string[]) => problem?.errors.filter((e) => names.some((one) => e.pointer === `/${one}` || e.pointer.startsWith(`/${one}/`))).map((e) => e.message).join(" ") || undefined;
  const other = problem && !at("name", "source", "target", "equal", "scope", "wait_s", "release_s");
  const seconds = (text: string) => (text.trim() === "" ? null : Number(text));

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    const labels = equal.split(/[\s,]+/).filter(Boolean);
    const body = { name, enabled, source: named(source), target: named(target), scope, equal: scope === "equal" ? labels : [], missing_equal: missing, wait_s: seconds(wait), release_s: seconds(release) };
    try {
      if (old) await api("PATCH /inhibition-rules/{id}", { id: old.id, version: old.version, body: body as never });
      else await api("POST /inhibition-rules", { body: body as never });
      toast(old ? "The rule is changed" : "The rule is made");
      changed();
      onDone();
    } catch (error) {
      if (!isProblem(error)) throw error;
      setProblem(error);
      setBusy(false);
    }
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field label="Name" error={at("name")}>
        {(a) => <Input {...a} required maxLength={120} dir="auto" placeholder="A dead node quiets its pods" value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <Matchers label="While an alert is open for which all of this holds" value={source} onChange={setSource} error={at("source")} />
      <Matchers label="those are quiet for which all of this holds" value={target} onChange={setTarget} error={at("target")} />
      <div className="flex flex-col gap-2">
        <Segments
          label="Where"
          value={scope}
          onChange={setScope}
          options={[
            { value: "equal", label: "Where these labels are equal" },
            { value: "all", label: "Everywhere" },
          ]}
        />
        {scope === "equal" ? (
          <>
            <Field label="Equal labels" error={at("equal", "scope")}>
              {(a) => <Input {...a} className="font-mono !text-xs" placeholder="cluster, node" value={equal} onChange={(e) => setEqual(e.target.value)} />}
            </Field>
            <label className="flex items-center gap-2">
              <Checkbox checked={missing} onChange={(e) => setMissing(e.target.checked)} />A label that both lack is equal, as with Alertmanager
            </label>
          </>
        ) : (
          <p className="text-amber">Any source quiets every target.</p>
        )}
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="A target waits, in seconds" optional hint="For its source, before it pages. Empty: the organization's (0)." error={at("wait_s")}>
          {(a) => <Input {...a} type="number" min={0} value={wait} onChange={(e) => setWait(e.target.value)} />}
        </Field>
        <Field label="After its last source, in seconds" optional hint="So long a target waits to page, so that it can be resolved, too. Empty: the organization's (30)." error={at("release_s")}>
          {(a) => <Input {...a} type="number" min={0} value={release} onChange={(e) => setRelease(e.target.value)} />}
        </Field>
      </div>
      <label className="flex items-center gap-2">
        <Checkbox checked={enabled} onChange={(e) => setEnabled(e.target.checked)} /> It is on
      </label>
      {other && (
        <p role="alert" className="rounded-md bg-red-wash px-3 py-2 text-red">
          {problem.status === 412 ? "Somebody changed this rule while you did. Close this form and open it again to see theirs." : problem.message}
          {problem.request && ` (request ${problem.request})`}
        </p>
      )}
      <div className="sticky -bottom-5 -mx-5 -mb-5 flex justify-end gap-2 border-t border-line bg-raised px-5 py-3">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy}>
          {old ? "Save" : "Make"}
        </Button>
      </div>
    </form>
  );
}

export default function RuleDialog({ id, onClose }: { id?: string; onClose: () => void }) {
  const query = useQuery({ queryKey: ["inhibition-rules", "one", id], queryFn: () => api("GET /inhibition-rules/{id}", { id: id! }), enabled: !!id });
  const one = query.data;
  const remove = async () => {
    try {
      await api("DELETE /inhibition-rules/{id}", { id: one!.id });
      toast(`${one!.name} is removed`);
      onClose();
    } catch (error) {
      toastProblem(`${one!.name} was not removed`, error);
    }
    changed();
  };
  return (
    <Dialog open onClose={onClose} wide title={one?.name ?? "New inhibition rule"}>
      {id && query.isPending ? (
        <Rows count={6} />
      ) : id && !one ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : (
        <>
          {one && (
            <div className="mb-3 flex justify-end">
              <Button small look="danger" onClick={remove}>
                Remove
              </Button>
            </div>
          )}
          <RuleForm key={one?.version} rule={one} onDone={onClose} />
        </>
      )}
    </Dialog>
  );
}
