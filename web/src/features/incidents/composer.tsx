/* Says how it stands; may move the incident on the way. What is typed is kept in this browser until it was sent. */
import { type FormEvent, useState } from "react";
import { api, type Incident } from "@/lib/api";
import { Button } from "@/ui/button";
import { Area, Select } from "@/ui/form";
import { INCIDENT_STEPS, words } from "@/ui/marks";
import { doing } from "./api";

export function Composer({ incident }: { incident: Incident }) {
  const draft = `tocsin.draft.${incident.id}`;
  const [text, setText] = useState(() => localStorage.getItem(draft) ?? "");
  const [status, setStatus] = useState("");
  const [busy, setBusy] = useState(false);
  const keep = (value: string) => {
    setText(value);
    if (value) localStorage.setItem(draft, value);
    else localStorage.removeItem(draft);
  };
  async function submit(event?: FormEvent) {
    event?.preventDefault();
    if (!text.trim() && !status) return;
    setBusy(true);
    const body = { text: text.trim() || null, status: (status || null) as never };
    const done = await doing("The update was not kept", () => api("POST /incidents/{id}/status-updates", { id: incident.id, body }));
    if (done) {
      keep("");
      setStatus("");
    }
    setBusy(false);
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      <Area
        id="composer"
        aria-label="Update"
        placeholder="How does it stand? (n)"
        value={text}
        onChange={(e) => keep(e.target.value)}
        onKeyDown={(e) => e.key === "Enter" && (e.ctrlKey || e.metaKey) && void submit()}
      />
      <div className="flex items-center justify-end gap-2">
        <Select aria-label="Move it to" className="!w-auto" value={status} onChange={(e) => setStatus(e.target.value)}>
          <option value="">Stay {words(incident.status)}</option>
          {INCIDENT_STEPS.filter((step) => step !== incident.status).map((step) => (
            <option key={step} value={step}>
              Move to {words(step)}
            </option>
          ))}
        </Select>
        <Button type="submit" look="primary" busy={busy} disabled={!text.trim() && !status} shortcut="Ctrl ⏎">
          Update
        </Button>
      </div>
    </form>
  );
}
