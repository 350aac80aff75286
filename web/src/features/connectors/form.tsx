/* An account at a provider, as its channel of the catalog wants it: what it needs, and how one gets it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Connector } from "@/lib/api";
import { useWrite } from "@/lib/write";
import { Checkbox, Field, Input, Select } from "@/ui/form";
import { FormShell, ThingDialog } from "@/ui/form-shell";
import { Markdown } from "@/ui/markdown";
import { Copyable, Failure } from "@/ui/parts";
import { fieldLabel } from "../settings/value-editor";
import { type Channel, channelsQuery } from "./api";

const KINDS = ["connectors", "channels"];

function ConnectorForm({ old, channels, onDone }: { old?: Connector; channels: Channel[]; onDone: () => void }) {
  const offered = channels.filter((one) => one.needs_connector || one.name === old?.channel);
  const [channel, setChannel] = useState(old?.channel ?? "");
  const [name, setName] = useState(old?.name ?? "");
  const [settings, setSettings] = useState<Record<string, string>>((old?.settings as Record<string, string> | undefined) ?? {});
  const [secret, setSecret] = useState("");
  const [position, setPosition] = useState(String(old?.position ?? 0));
  const [enabled, setEnabled] = useState(old?.enabled ?? true);
  const about = channels.find((one) => one.name === channel);
  const write = useWrite<Connector>({
    old,
    load: () => api("GET /connectors/{id}", { id: old!.id }),
    send: (body, version) => (old ? api("PATCH /connectors/{id}", { id: old.id, version, body }) : api("POST /connectors", { body: { ...body, channel } as never })),
    again: KINDS,
    said: old ? "The account is changed" : "The account is added",
    detail: "Test it with a way of your own to be reached.",
    done: () => onDone(),
  });
  const { at } = write;
  const body = () => {
    const filled = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ""));
    // A merge patch: what was emptied goes.
    const gone = Object.fromEntries(Object.keys((old?.settings as object | null) ?? {}).filter((key) => !(key in filled)).map((key) => [key, null]));
    return { name: name || about?.title || channel, settings: { ...filled, ...gone }, ...(secret && { secret }), position: Number(position), enabled };
  };
  return (
    <FormShell write={write} body={body} onCancel={onDone} submit={old ? "Save" : "Add"} disabled={!about}>
      <Field label="Channel" error={at("channel")}>
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
          <Field label="Name" error={at("name")}>
            {(a) => <Input {...a} maxLength={120} dir="auto" placeholder={about.title} value={name} onChange={(e) => setName(e.target.value)} />}
          </Field>
          {about.settings.map((one) => (
            <Field key={one.name} label={fieldLabel(one.name)} optional={!one.required} hint={one.doc} error={at(`settings/${one.name}`)}>
              {(a) => <Input {...a} required={one.required} placeholder={one.default ?? undefined} value={settings[one.name] ?? ""} onChange={(e) => setSettings({ ...settings, [one.name]: e.target.value })} />}
            </Field>
          ))}
          {about.secret && (
            <Field label="Secret" hint={`${about.secret}${old ? " Empty: it stays." : ""}`} error={at("secret")}>
              {(a) => <Input {...a} type="password" autoComplete="off" required={!old} value={secret} onChange={(e) => setSecret(e.target.value)} />}
            </Field>
          )}
          <Field label="Position" hint="Of several for one kind the lowest is tried first." error={at("position")}>
            {(a) => <Input {...a} type="number" className="!w-24" value={position} onChange={(e) => setPosition(e.target.value)} />}
          </Field>
          <label className="flex items-center gap-2">
            <Checkbox checked={enabled} onChange={(e) => setEnabled(e.target.checked)} /> It is used
          </label>
        </>
      )}
    </FormShell>
  );
}

export function ConnectorDialog({ id, onClose }: { id?: string; onClose: () => void }) {
  const channels = useQuery(channelsQuery);
  const query = useQuery({ queryKey: ["connectors", "one", id], queryFn: () => api("GET /connectors/{id}", { id: id! }), enabled: !!id });
  return (
    <ThingDialog
      id={id}
      query={query}
      wait={channels.isPending}
      title="New account"
      note={() => "Without it nothing of this kind can be sent, unless there is another."}
      remove={(one) => api("DELETE /connectors/{id}", { id: one.id })}
      again={KINDS}
      onClose={onClose}
    >
      {(one) => (
        <>
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
          {channels.data ? <ConnectorForm old={one} channels={channels.data.items} onDone={onClose} /> : <Failure error={channels.error} retry={() => channels.refetch()} />}
        </>
      )}
    </ThingDialog>
  );
}
