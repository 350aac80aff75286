/* A page on paper: who would be told when, by what, as long as nobody answers. Before sending one by hand, and of a policy. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, isProblem, type PreviewPagesAnswer, type Problem } from "@/lib/api";
import { useSettled } from "@/lib/hooks";
import { namesQuery } from "@/lib/query";
import { duration, hourMinute } from "@/lib/time";
import { Button } from "@/ui/button";
import { Field, Input, Segments, Select } from "@/ui/form";
import { words } from "@/ui/marks";
import { Dialog } from "@/ui/overlay";
import { Failure, Rows } from "@/ui/parts";
import { toast } from "@/ui/toast";

type Preview = PreviewPagesAnswer;
type Step = Preview["ladders"][number]["steps"][number];

const TROUBLE: Record<string, string> = { no_smtp: "no mail relay is set up", not_verified: "not verified" };
const WHAT: Partial<Record<Step["what"], string>> = { skipped: "Skipped", held: "Waits", nobody: "Nobody is on call", unreachable: "Nobody here can be reached", exhausted: "Nobody answered: told loudly" };

function StepOf({ step }: { step: Step }) {
  const messages = step.people.flatMap((person) => person.messages.map((message) => ({ ...message, name: person.name }))).sort((a, b) => a.after_s - b.after_s);
  const silent = step.people.filter((person) => person.messages.length === 0);
  return (
    <li className="relative border-l-2 border-line pb-3 pl-4 last:pb-0">
      <span className={`absolute top-1.5 -left-[5px] size-2 rounded-full ${step.what === "paged" || step.what === "exhausted" ? "bg-accent" : "bg-red"}`} aria-hidden />
      <p className="font-medium">
        {step.level ? `Level ${step.level}` : "After the last level"}
        {WHAT[step.what] && <span className="font-normal text-quiet"> · {WHAT[step.what]}</span>}
        {step.reason && <span className="font-normal text-quiet">: {step.reason}</span>}
      </p>
      <ul>
        {messages.map((message, i) => (
          <li key={i} className="flex flex-wrap gap-x-2">
            <time dateTime={message.at} className="w-11 tabular-nums">
              {hourMinute(message.at)}
            </time>
            <span className="w-16 text-quiet tabular-nums">{message.after_s ? `+${duration(message.after_s * 1000)}` : "at once"}</span>
            <span className="font-medium">{message.name}</span>
            <span>{message.label && message.label.toLowerCase() !== message.kind ? message.label : words(message.kind)}</span>
            {message.error && <span className="text-red">fails: {TROUBLE[message.error] ?? message.error.replaceAll("_", " ")}</span>}
          </li>
        ))}
        {silent.map((person) => (
          <li key={person.user_id} className="text-red">
            {person.name} has no method that could be used
          </li>
        ))}
      </ul>
    </li>
  );
}

export function Ladder({ preview }: { preview: Preview }) {
  return (
    <div className="flex flex-col gap-4">
      {preview.ladders.map((ladder, i) => {
        const first = ladder.steps.filter((step) => step.round === 0 && step.level > 0);
        const later = ladder.steps.filter((step) => !first.includes(step));
        return (
          <section key={ladder.policy_id ?? i} aria-label={ladder.name}>
            <h3 className="mb-2 font-semibold">
              {ladder.name} <span className="font-normal text-quiet">· {ladder.urgency === "low" ? "can wait" : "urgent"}</span>
            </h3>
            <ol>
              {first.map((step, k) => (
                <StepOf key={k} step={step} />
              ))}
            </ol>
            {later.length > 0 && (
              <details className="mt-2">
                <summary className="cursor-pointer text-accent-ink">And if nobody answers then</summary>
                <ol className="mt-2">
                  {later.map((step, k) => (
                    <StepOf key={k} step={step} />
                  ))}
                </ol>
              </details>
            )}
            {ladder.steps.length === 0 && <p className="text-red">Nobody would be told.</p>}
          </section>
        );
      })}
    </div>
  );
}

function Tried({ body }: { body: Record<string, unknown> }) {
  const preview = useQuery({ queryKey: ["pages", "preview", body], queryFn: () => api("POST /pages/preview", { body: body as never }), placeholderData: keepPreviousData, staleTime: 0 });
  if (preview.isError) return <Failure error={preview.error} retry={() => preview.refetch()} />;
  return preview.data ? <Ladder preview={preview.data} /> : <Rows count={3} label="Working out who would be told" />;
}

/* Of a policy that is not saved: drawn while it is edited, by the rules that a write is held to. */
export function DraftLadder({ policy }: { policy: Record<string, unknown> }) {
  const [priority, setPriority] = useState("p1");
  const asked = useSettled({ policy, priority }, 400);
  const preview = useQuery({ queryKey: ["pages", "preview", asked], queryFn: ({ signal }) => api("POST /pages/preview", { body: asked as never, signal }), placeholderData: keepPreviousData, retry: false });
  const problem = isProblem(preview.error) ? preview.error : undefined;
  const unfinished = problem?.status === 400;
  return (
    <section aria-label="Who would be told" aria-live="polite" aria-busy={preview.isFetching} className="rounded-md border border-line bg-ground p-3">
      <div className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-2">
        <h3 className="min-w-40 flex-1 font-semibold">
          Who would be told <span className="font-normal text-quiet">if an alert came now and nobody answered</span>
        </h3>
        <Segments label="Priority of the alert" value={priority} options={PRIORITIES} onChange={setPriority} />
      </div>
      {problem && !unfinished ? (
        <p className="text-red">
          {problem.message} {problem.request && `(request ${problem.request})`}
        </p>
      ) : unfinished ? (
        <p className="text-quiet">Not complete yet: {(problem.errors[0]?.message ?? problem.message).replace(/[.]?$/, ".")}</p>
      ) : preview.data ? (
        <Ladder preview={preview.data} />
      ) : (
        <Rows count={3} label="Working out who would be told" />
      )}
    </section>
  );
}

const PRIORITIES = ["p1", "p2", "p3", "p4"].map((value) => ({ value, label: value.toUpperCase() }));

export function DryRun({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const [priority, setPriority] = useState("p1");
  return (
    <Dialog open onClose={onClose} wide title={`${name}: who would be told`} sub="If an alert came now and nobody answered. Nothing is sent.">
      <div className="mb-4">
        <Segments label="Priority of the alert" value={priority} options={PRIORITIES} onChange={setPriority} />
      </div>
      <Tried body={{ targets: [{ kind: "policy", id }], priority }} />
    </Dialog>
  );
}

const KINDS = [
  { value: "user", label: "A person", plural: "users" },
  { value: "schedule", label: "Who is on call", plural: "schedules" },
  { value: "team", label: "A team", plural: "teams" },
  { value: "service", label: "A service", plural: "services" },
  { value: "policy", label: "A policy", plural: "escalation-policies" },
] as const;

export function PageSomebody({ onClose }: { onClose: () => void }) {
  const [kind, setKind] = useState<(typeof KINDS)[number]["value"]>("user");
  const [id, setId] = useState("");
  const [message, setMessage] = useState("");
  const [urgency, setUrgency] = useState<"high" | "low">("high");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const names = useQuery(namesQuery(KINDS.find((one) => one.value === kind)!.plural)).data ?? [];
  const targets = [{ kind, id }];
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await api("POST /pages", { body: { targets: targets as never, message, urgency } });
      toast("The page is on its way");
      onClose();
    } catch (error) {
      if (isProblem(error)) setProblem(error);
      setBusy(false);
    }
  }
  return (
    <Dialog open onClose={onClose} wide title="Page somebody" sub="Below stands who would be told, before you send it.">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Whom">
            {(a) => (
              <Select
                {...a}
                value={kind}
                onChange={(e) => {
                  setKind(e.target.value as typeof kind);
                  setId("");
                }}
              >
                {KINDS.map((one) => (
                  <option key={one.value} value={one.value}>
                    {one.label}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label="Which" error={problem?.errors.find((e) => e.pointer.startsWith("/targets"))?.message}>
            {(a) => (
              <Select {...a} required value={id} onChange={(e) => setId(e.target.value)}>
                <option value="">Choose</option>
                {names.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.name}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <Field label="What it is about" error={problem?.at("/message")}>
          {(a) => <Input {...a} required maxLength={1024} value={message} onChange={(e) => setMessage(e.target.value)} />}
        </Field>
        <Segments
          label="Urgency"
          value={urgency}
          options={[
            { value: "high", label: "Urgent" },
            { value: "low", label: "Can wait" },
          ]}
          onChange={setUrgency}
        />
        {problem && problem.errors.length === 0 && (
          <p role="alert" className="rounded-md bg-red-wash px-3 py-2 text-red">
            {problem.message}
          </p>
        )}
        {id && <Tried body={{ targets, urgency }} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Send the page
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
