/* An account at a provider, as its channel of the catalog wants it: what it needs, and how one gets it. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type Connector, isProblem, type Problem } from "@/lib/api";
import { queryClient } from "@/lib/query";
import { Button } from "@/ui/button";
import { Checkbox, Field, Input, Select } from "@/ui/form";
import { Markdown } from "@/ui/markdown";
import { Dialog } from "@/ui/overlay";
import { Copyable, Failure, Rows } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";
import { fieldLabel } from "../settings/value-editor";
import { type Channel, channelsQuery } from "./api";

function ConnectorForm({ old, channels, onDone }: { old?: Connector; channels: Channel[]; onDone: () => void }) {
  const offered = channels.filter((one) => one.needs_connector || one.name === old?.channel);
  const [channel, setChannel] = useState(old?.channel ?? "");
  const [name, setName] = useState(old?.name ?? "");
  const [settings, setSettings] = useState<Record<string, string>>((old?.settings as Record<string, string> | undefined) ?? {});
  const [secret, setSecret] = useState("");
  const [position, setPosition] = useState(String(old?.position ?? 0));
  const [enabled, setEnabled] = useState(old?.enabled ?? true);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const about = channels.find((one) => one.name === channel);
  const at = (...pointers: string[]) => problem?.errors.filter((e) => pointers.includes(e.pointer)).map((e) => e.message).join(" ") || undefined;
  const placed = ["/name", "/channel", "/secret", "/position", "/settings", ...(about?.settings.map((one) => `/settings/${one.name}`) ?? [])];
  const other = problem && !at(...placed);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    const filled = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ""));
    // A merge patch: what was emptied goes.
    const gone = Object.fromEntries(Object.keys((old?.settings as object | null) ?? {}).filter((key) => !(key in filled)).map((key) => [key, null]));
    const body = { name: name || about?.title || channel, settings: { ...filled, ...gone }, ...(secret && { secret }), position: Number(position), enabled };
    try {
      if (old) await api("PATCH /connectors/{id}", { id: old.id, version: old.version, body: body as never });
      else await api("POST /connectors", { body: { ...body, channel } as never });
      toast(old ? "The account is changed" : "The account is added", { detail: "Test it with a way of your own to be reached." });
      for (const key of ["connectors", "channels"]) void queryClient.invalidateQueries({ queryKey: [key] });
      onDone();
    } catch (error) {
      if (!isProblem(error)) throw error;
      setProblem(error);
      setBusy(false);
    }
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field label="Channel" error={at("/channel")}>
        {(a) => (
          <Select {...a} required disabled={!!old} value={channel} onChange={(e) => setChannel(e.target.value)}>
            <option value="">–</option>
            {offered.map((one) => (
              <option key={one.name} value={one.name}>
                {one.title}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {about && (
        <>
          {about.guide && (
            <details className="rounded-md border border-line bg-ground px-3 py-2">
              <summary className="font-medium">How to get it</summary>
              <div className="mt-2">
                <Markdown text={about.guide} />
              </div>
            </details>
          )}
          <Field label="Name" error={at("/name")}>
            {(a) => <Input {...a} maxLength={120} dir="auto" placeholder={about.title} value={name} onChange={(e) => setName(e.target.value)} />}
          </Field>
          {about.settings.map((one) => (
            <Field key={one.name} label={fieldLabel(one.name)} optional={!one.required} hint={one.doc} error={at(`/settings/${one.name}`)}>
              {(a) => <Input {...a} required={one.required} placeholder={one.default ?? undefined} value={settings[one.name] ?? ""} onChange={(e) => setSettings({ ...settings, [one.name]: e.target.value })} />}
            </Field>
          ))}
          {about.secret && (
            <Field label="Secret" hint={`${about.secret}${old ? " Empty: it stays." : ""}`} error={at("/secret")}>
              {(a) => <Input {...a} type="password" autoComplete="off" required={!old} value={secret} onChange={(e) => setSecret(e.target.value)} />}
            </Field>
          )}
          <Field label="Position" hint="Of several for one kind the lowest is tried first." error={at("/position")}>
            {(a) => <Input {...a} type="number" className="!w-24" value={position} onChange={(e) => setPosition(e.target.value)} />}
          </Field>
          <label className="flex items-center gap-2">
            <Checkbox checked={enabled} onChange={(e) => setEnabled(e.target.checked)} /> It is used
          </label>
        </>
      )}
      {(other || at("/settings")) && (
        <p role="alert" className="foreign rounded-md bg-red-wash px-3 py-2 text-red">
          {problem?.status === 412 ? "Somebody changed this account while you did. Close this form and open it again to see theirs." : (at("/settings") ?? problem?.message)}
          {problem?.request && ` (request ${problem.request})`}
        </p>
      )}
      <div className="sticky -bottom-5 -mx-5 -mb-5 flex justify-end gap-2 border-t border-line bg-raised px-5 py-3">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy} disabled={!about}>
          {old ? "Save" : "Add"}
        </Button>
      </div>
    </form>
  );
}

export function ConnectorDialog({ id, onClose }: { id?: string; onClose: () => void }) {
  const channels = useQuery(channelsQuery);
  const query = useQuery({ queryKey: ["connectors", "one", id], queryFn: () => api("GET /connectors/{id}", { id: id! }), enabled: !!id });
  const one = query.data;
  const remove = async () => {
    try {
      await api("DELETE /connectors/{id}", { id: one!.id });
      toast(`${one!.name} is removed`);
      onClose();
    } catch (error) {
      toastProblem(`${one!.name} was not removed`, error);
    }
    for (const key of ["connectors", "channels"]) void queryClient.invalidateQueries({ queryKey: [key] });
  };
  return (
    <Dialog open onClose={onClose} wide title={one?.name ?? "New account"}>
      {channels.isPending || (id && query.isPending) ? (
        <Rows count={5} />
      ) : !channels.data ? (
        <Failure error={channels.error} retry={() => channels.refetch()} />
      ) : id && !one ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : (
        <>
          {one && (
            <p className="mb-3 flex items-center justify-between gap-3 text-quiet">
              Without it nothing of this kind can be sent, unless there is another.
              <Button small look="danger" onClick={remove}>
                Remove
              </Button>
            </p>
          )}
          {one?.hook_url && (
            <dl className="mb-4 flex flex-col gap-2 rounded-md border border-line bg-ground p-3">
              {[
                ["Answers come to", one.hook_url],
                ["Token for them", one.hook_token],
              ].map(
                ([label, value]) =>
                  value && (
                    <div key={label} className="flex items-center gap-2">
                      <dt className="w-32 shrink-0 text-quiet">{label}</dt>
                      <dd className="foreign min-w-0 flex-1 font-mono text-xs">{value}</dd>
                      <Copyable text={value} />
                    </div>
                  ),
              )}
            </dl>
          )}
          <ConnectorForm key={one?.version} old={one} channels={channels.data.items} onDone={onClose} />
        </>
      )}
    </Dialog>
  );
}
