/* An inhibition rule: while an alert is open, others are quiet. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type InhibitionRule } from "@/lib/api";
import { type Matcher, readMatchers } from "@/lib/matchers";
import { useWrite } from "@/lib/write";
import { Checkbox, Field, Input, Segments } from "@/ui/form";
import { FormShell, ThingDialog } from "@/ui/form-shell";
import { Matchers } from "@/ui/matchers";

const EMPTY: Matcher[] = [{ name: "", op: "=", value: "" }];
const named = (list: Matcher[]) => list.filter((one) => one.name.trim());
const KINDS = ["inhibition-rules", "quiet", "alerts"];

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
  const seconds = (text: string) => (text.trim() === "" ? null : Number(text));
  const write = useWrite<InhibitionRule>({
    old,
    load: () => api("GET /inhibition-rules/{id}", { id: old!.id }),
    send: (body, version) => (old ? api("PATCH /inhibition-rules/{id}", { id: old.id, version, body }) : api("POST /inhibition-rules", { body: body as never })),
    again: KINDS,
    said: old ? "The rule is changed" : "The rule is made",
    done: onDone,
  });
  const { at } = write;
  const labels = equal.split(/[\s,]+/).filter(Boolean);
  const body = () => ({ name, enabled, source: named(source), target: named(target), scope, equal: scope === "equal" ? labels : [], missing_equal: missing, wait_s: seconds(wait), release_s: seconds(release) });
  return (
    <FormShell write={write} body={body} onCancel={onDone} submit={old ? "Save" : "Make"}>
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
    </FormShell>
  );
}

export default function RuleDialog({ id, onClose }: { id?: string; onClose: () => void }) {
  const query = useQuery({ queryKey: ["inhibition-rules", "one", id], queryFn: () => api("GET /inhibition-rules/{id}", { id: id! }), enabled: !!id });
  return (
    <ThingDialog id={id} query={query} title="New inhibition rule" remove={(one) => api("DELETE /inhibition-rules/{id}", { id: one.id })} again={KINDS} onClose={onClose}>
      {(one) => <RuleForm rule={one} onDone={onClose} />}
    </ThingDialog>
  );
}
