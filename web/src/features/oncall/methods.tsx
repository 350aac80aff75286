/* One contact method: what it is, whether it works, and the ways to prove it. */
import { useQuery } from "@tanstack/react-query";
import { Send, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, type ContactMethod, isProblem, type NotificationRule, type Problem } from "@/lib/api";
import { Button, IconButton } from "@/ui/button";
import { Field, Input, Select } from "@/ui/form";
import { Badge, words } from "@/ui/marks";
import { Dialog } from "@/ui/overlay";
import { When } from "@/ui/parts";
import { toast } from "@/ui/toast";
import { channelsQuery, doing, methodsQuery, mute, reasonWords, works } from "./api";
import { browserName, shownAddress, subscribe } from "./push";

/* The ways there are, from the server's catalog: one for each kind, however many providers serve it. */
interface Way {
  kind: string;
  title: string;
  hint: string;
  mute?: string; // why nothing can be sent
}
const TITLES: Record<string, string> = { email: "E-mail", ntfy: "ntfy (push to a phone)", sms: "SMS", voice: "Phone call", webhook: "Webhook" };
const NOTES: Record<string, string> = {
  ntfy: "The URL of a topic that you subscribed to in the ntfy app. Choose a long name: whoever knows it can read it.",
  webhook: "Gets a POST with everything that is known, as JSON.",
};
const PUSH_NOTE = "This browser shows pages as notifications with a button to acknowledge, also while this page is closed. Switch it on in each browser and phone that is to be told.";

function useWays(): Way[] {
  const channels = useQuery(channelsQuery).data?.items ?? [];
  const ways = new Map<string, Way>();
  for (const channel of channels) ways.set(channel.kind, { kind: channel.kind, title: TITLES[channel.kind] ?? channel.title, hint: ways.get(channel.kind)?.hint ?? channel.address_hint, mute: mute(channel.kind, channels) });
  return [...ways.values()].sort((a, b) => Number(!!a.mute) - Number(!!b.mute) || a.title.localeCompare(b.title));
}

export function Method({ method, used }: { method: ContactMethod; used: boolean }) {
  const why = mute(method.kind, useQuery(channelsQuery).data?.items);
  const id = method.id;
  const test = () => doing("The test was not sent", () => api("POST /contact-methods/{id}/test", { id }), "A test is on its way");
  const address = shownAddress(method.kind, method.address);
  const remove = () => doing("That was not removed", () => api("DELETE /contact-methods/{id}", { id }), `${address} is removed`);
  return (
    <li className="flex flex-col gap-2 px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <div className="min-w-40 flex-1">
          <p className="foreign font-medium">{address}</p>
          <p className="text-quiet">
            {words(method.kind)}
            {method.label && method.label !== TITLES[method.kind] && ` · ${method.label}`}
          </p>
          {why && <p className="text-red">Nothing can be sent to it: {why}.</p>}
        </div>
        {!used && works(method) && <Badge tone="amber">In no step</Badge>}
        <Badge tone={method.verified ? "green" : "amber"}>{method.verified ? "Verified" : "Not verified"}</Badge>
        {method.broken && <Badge tone="red">{method.broken}</Badge>}
        <Button small onClick={test}>
          <Send className="size-3.5" aria-hidden /> Test
        </Button>
        <IconButton small label={`Remove ${address}`} onClick={remove}>
          <Trash2 className="size-4" aria-hidden />
        </IconButton>
      </div>
      <Check method={method} />
      {!method.verified && <Verify method={method} />}
    </li>
  );
}

/* What became of the last code or test. */
function Check({ method }: { method: ContactMethod }) {
  if (!method.checked_at || (method.verified && method.check_kind === "code")) return null;
  const what = method.check_kind === "test" ? "The test" : "The code";
  return (
    <p role="status" className={method.check_status === "failed" ? "text-red" : "text-quiet"}>
      {method.check_status === "sending" && `${what} is on its way…`}
      {method.check_status === "sent" && (
        <>
          {what} was sent <When at={method.checked_at} />. Nothing there? Look into the spam folder, and at the address.
        </>
      )}
      {method.check_status === "failed" && (
        <>
          {what} was not sent: <span className="foreign">{reasonWords(method.check_error ?? "")}</span>
        </>
      )}
    </p>
  );
}

function Verify({ method }: { method: ContactMethod }) {
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const asked = method.check_kind === "code" && method.check_status !== "failed";
  const ask = () => doing("The code was not sent", () => api("POST /contact-methods/{id}/send-code", { id: method.id }));
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await api("POST /contact-methods/{id}/verify", { id: method.id, body: { code } });
      await doing("", async () => undefined, "Verified: pages may come here now");
    } catch (error) {
      if (isProblem(error)) setProblem(error);
      setBusy(false);
    }
  }
  if (!asked)
    return (
      <div className="flex flex-wrap items-center gap-2">
        <span className="text-quiet">No page is sent here until you prove that it is yours.</span>
        <Button small look="primary" onClick={ask}>
          Send me a code
        </Button>
      </div>
    );
  return (
    <form onSubmit={submit} className="flex flex-col gap-1">
      <div className="flex flex-wrap items-center gap-2">
        <Input
          aria-label={`Code that was sent to ${method.address}`}
          aria-invalid={problem ? true : undefined}
          inputMode="numeric"
          autoComplete="one-time-code"
          placeholder="6 digits"
          maxLength={10}
          required
          className="!w-28 tabular-nums"
          value={code}
          onChange={(e) => setCode(e.target.value)}
        />
        <Button type="submit" look="primary" busy={busy} disabled={!code.trim()}>
          Verify
        </Button>
        <Button look="quiet" onClick={ask}>
          Send another
        </Button>
      </div>
      {problem && (
        <p role="alert" className="text-xs font-medium text-red">
          {problem.at("/code") ?? problem.message}
        </p>
      )}
    </form>
  );
}

/* The address, then at once the code to it. The first method is used for everything; who wants it otherwise says so below. */
export function AddMethod({ user, rules, onClose }: { user: string; rules: NotificationRule[]; onClose: () => void }) {
  const [chosen, setKind] = useState<string>();
  const [address, setAddress] = useState("");
  const [label, setLabel] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const ways = useWays();
  const channels = useQuery(channelsQuery).data?.items;
  const methods = useQuery(methodsQuery(user)).data?.items;
  const kind = chosen ?? (mute("email", channels) ? (ways.find((way) => !way.mute)?.kind ?? "email") : "email");
  const working = (rule: NotificationRule) => rule.steps?.some((step) => step.contact_method_ids.some((id) => works(methods?.find((one) => one.id === id), channels)));
  const about = ways.find((way) => way.kind === kind);
  const push = kind === "push";
  const publicKey = channels?.find((one) => one.kind === "push")?.public_key ?? "";
  async function add() {
    if (push) return await api("POST /contact-methods", { body: { user_id: user, kind: "push", address: await subscribe(publicKey), label: label || browserName(), verified: true } });
    const made = await api("POST /contact-methods", { body: { user_id: user, kind: kind as never, address: address.trim(), label: label || undefined } });
    await doing("The code was not sent", () => api("POST /contact-methods/{id}/send-code", { id: made.id }), `A code was sent to ${made.address}`);
    return made;
  }
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      const made = await add();
      for (const urgency of ["high", "low"] as const) {
        const rule = rules.find((one) => one.urgency === urgency);
        const steps = [{ delay_s: 0, contact_method_ids: [made.id] }];
        if (!rule) await doing("It is in no step yet", () => api("POST /notification-rules", { body: { user_id: user, urgency, steps } }));
        else if (!working(rule)) {
          // Steps that reach nobody: the new one is tried at once, beside what is there.
          const [first, ...later] = rule.steps ?? [];
          const mended = first ? [{ ...first, contact_method_ids: [...first.contact_method_ids, made.id] }, ...later] : steps;
          await doing("It is in no step yet", () => api("PATCH /notification-rules/{id}", { id: rule.id, body: { steps: mended } }));
        }
      }
      onClose();
    } catch (error) {
      if (isProblem(error)) setProblem(error);
      else toast(error instanceof Error ? error.message : String(error), { bad: true });
      setBusy(false);
    }
  }
  return (
    <Dialog open onClose={onClose} title="New contact method" sub="A code is sent there; with it you prove that it is yours.">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label="How" error={problem?.at("/kind")}>
          {(a) => (
            <Select {...a} value={kind} onChange={(e) => setKind(e.target.value)}>
              {ways.length === 0 && <option value="email">E-mail</option>}
              {ways.map((way) => (
                <option key={way.kind} value={way.kind} disabled={!!way.mute}>
                  {way.title}
                  {way.mute && ` (${way.mute})`}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {push ? (
          <p className="text-quiet">{PUSH_NOTE}</p>
        ) : (
          <Field label="Address" hint={NOTES[kind]} error={problem?.at("/address")}>
            {(a) => <Input {...a} type={kind === "email" ? "email" : "text"} required maxLength={500} placeholder={about?.hint} value={address} onChange={(e) => setAddress(e.target.value)} />}
          </Field>
        )}
        <Field label="What you call it" optional error={problem?.at("/label")}>
          {(a) => <Input {...a} maxLength={80} placeholder={push ? browserName() : "Work phone"} value={label} onChange={(e) => setLabel(e.target.value)} />}
        </Field>
        {problem && problem.errors.length === 0 && (
          <p role="alert" className="text-red">
            {problem.message}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            {push ? "Switch on in this browser" : "Add and send the code"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
