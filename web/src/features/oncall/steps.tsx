/* In which order somebody is told, for one urgency: steps with a delay, each with the methods that are used together. */
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { api, type ContactMethod, isProblem, type NotificationRule, type Problem } from "@/lib/api";
import { Button, IconButton } from "@/ui/button";
import { Checkbox, Select } from "@/ui/form";
import { Badge, words } from "@/ui/marks";
import { doing, works } from "./api";

interface Step {
  delay_s: number;
  contact_method_ids: string[];
}
const DELAYS = [0, 30, 60, 120, 180, 300, 600, 900, 1800, 3600];
const delayWords = (s: number) => (s === 0 ? "at once" : s < 60 ? `after ${s} s` : `after ${s % 60 ? (s / 60).toFixed(1) : s / 60} min`);

const stepsOf = (rule?: NotificationRule): Step[] => (rule?.steps ?? []).map((step) => ({ delay_s: step.delay_s ?? 0, contact_method_ids: [...step.contact_method_ids] }));
const same = (a: Step[], b: Step[]) => JSON.stringify(a) === JSON.stringify(b);

export function Steps({ user, urgency, rule, methods }: { user: string; urgency: "high" | "low"; rule?: NotificationRule; methods: ContactMethod[] }) {
  const [steps, setSteps] = useState(() => stepsOf(rule));
  const [problem, setProblem] = useState<Problem>();
  const changed = !same(steps, stepsOf(rule));
  const put = (i: number, change: Partial<Step>) => setSteps(steps.map((step, k) => (k === i ? { ...step, ...change } : step)));
  const toggle = (i: number, id: string, on: boolean) => put(i, { contact_method_ids: on ? [...steps[i]!.contact_method_ids, id] : steps[i]!.contact_method_ids.filter((one) => one !== id) });
  const empty = steps.some((step) => !step.contact_method_ids.length);

  async function save() {
    setProblem(undefined);
    const sorted = [...steps].sort((a, b) => a.delay_s - b.delay_s);
    await doing(
      "The steps were not saved",
      async () => {
        try {
          if (rule) await api("PATCH /notification-rules/{id}", { id: rule.id, body: { steps: sorted }, version: rule.version });
          else await api("POST /notification-rules", { body: { user_id: user, urgency, steps: sorted } });
        } catch (error) {
          if (isProblem(error)) setProblem(error);
          throw error;
        }
      },
      "Saved: it holds for the next page",
    );
  }

  if (!methods.length) return <p className="text-quiet">Add a contact method first.</p>;
  return (
    <div className="flex flex-col gap-3">
      {steps.length === 0 && <p className={urgency === "high" ? "text-red" : "text-quiet"}>No steps: such a page does not reach you.</p>}
      <ol className="flex flex-col gap-2">
        {steps.map((step, i) => (
          <li key={i} className="grid grid-cols-[9rem_minmax(0,1fr)_auto] items-start gap-x-3 gap-y-2 rounded-md border border-line p-3">
            <Select aria-label={`When, step ${i + 1}`} value={step.delay_s} onChange={(e) => put(i, { delay_s: Number(e.target.value) })}>
              {[...new Set([...DELAYS, step.delay_s])]
                .sort((a, b) => a - b)
                .map((s) => (
                  <option key={s} value={s}>
                    {delayWords(s)}
                  </option>
                ))}
            </Select>
            <fieldset className="flex min-w-0 flex-col gap-1 pt-1 max-sm:order-last max-sm:col-span-3">
              <legend className="sr-only">By, step {i + 1}</legend>
              {methods.map((method) => (
                <label key={method.id} className="flex cursor-pointer items-start gap-2">
                  <Checkbox className="mt-1" checked={step.contact_method_ids.includes(method.id)} onChange={(e) => toggle(i, method.id, e.target.checked)} />
                  <span className="foreign min-w-0">
                    <span className="text-quiet">{words(method.kind)}</span> {method.address}
                  </span>
                  {step.contact_method_ids.includes(method.id) && !works(method) && <Badge tone="amber">{method.broken ? "Broken" : "Not verified"}</Badge>}
                </label>
              ))}
            </fieldset>
            <IconButton small className="max-sm:col-start-3" label={`Remove step ${i + 1}`} onClick={() => setSteps(steps.filter((_, k) => k !== i))}>
              <X className="size-4" aria-hidden />
            </IconButton>
          </li>
        ))}
      </ol>
      <div className="flex flex-wrap items-center gap-2">
        <Button small onClick={() => setSteps([...steps, { delay_s: steps.length ? Math.min(3600, (steps.at(-1)!.delay_s || 120) + 180) : 0, contact_method_ids: [methods.find((one) => works(one))?.id ?? methods[0]!.id] }])}>
          <Plus className="size-3.5" aria-hidden /> Step
        </Button>
        <span className="flex-1" />
        {changed && (
          <>
            {empty && <span className="text-xs text-red">Each step needs a method.</span>}
            <Button small look="quiet" onClick={() => setSteps(stepsOf(rule))}>
              Put back
            </Button>
            <Button small look="primary" disabled={empty} onClick={save}>
              Save
            </Button>
          </>
        )}
      </div>
      {problem?.status === 412 && <p className="text-red">Somebody changed these steps while you did. Theirs are shown once you put yours back.</p>}
    </div>
  );
}
