/* An entry put right, and what stood there before. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, isProblem, type Problem, type TimelineEntry } from "@/lib/api";
import { queryClient } from "@/lib/query";
import { fullTime, localZone } from "@/lib/time";
import { Button } from "@/ui/button";
import { Area, Field, Input } from "@/ui/form";
import { Markdown } from "@/ui/markdown";
import { Dialog } from "@/ui/overlay";
import { Empty, Failure, Rows } from "@/ui/parts";
import { toast } from "@/ui/toast";
import { toInstant, toLocal } from "../oncall/cover";
import { type Data, text } from "./kinds";

export function Correct({ entry, onClose }: { entry: TimelineEntry; onClose: () => void }) {
  const zone = localZone();
  const was = { text: text(entry), at: toLocal(Date.parse(entry.at!), zone) };
  const [said, setSaid] = useState(was.text);
  const [at, setAt] = useState(was.at);
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      const body = { reason, text: said !== was.text ? said : undefined, at: at !== was.at ? new Date(toInstant(at, zone)).toISOString() : undefined };
      await api("POST /timeline/{id}/correct", { id: entry.id, body });
      void queryClient.invalidateQueries({ queryKey: ["timeline"] });
      toast("Put right; what stood there is kept in its history");
      onClose();
    } catch (error) {
      if (isProblem(error)) setProblem(error);
      setBusy(false);
    }
  }
  return (
    <Dialog open onClose={onClose} title="Put it right" sub="What stands there now is kept, with your name and the reason.">
      <form onSubmit={submit} className="flex flex-col gap-4">
        {was.text && (
          <Field label="Text" error={problem?.at("/text")}>
            {(a) => <Area {...a} required value={said} onChange={(e) => setSaid(e.target.value)} />}
          </Field>
        )}
        <Field label="When it happened" hint={`In ${zone}`} error={problem?.at("/at")}>
          {(a) => <Input {...a} type="datetime-local" required value={at} onChange={(e) => setAt(e.target.value)} />}
        </Field>
        <Field label="Why" error={problem?.at("/reason")}>
          {(a) => <Input {...a} required maxLength={500} placeholder="It was earlier than I wrote" value={reason} onChange={(e) => setReason(e.target.value)} />}
        </Field>
        {problem && problem.errors.length === 0 && (
          <p role="alert" className="text-red">
            {problem.message}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy} disabled={said === was.text && at === was.at}>
            Put right
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function History({ entry, onClose }: { entry: TimelineEntry; onClose: () => void }) {
  const query = useQuery({ queryKey: ["timeline", "history", entry.id], queryFn: () => api("GET /timeline/{id}/history", { id: entry.id }) });
  const items = query.data?.items ?? [];
  return (
    <Dialog open onClose={onClose} title="What stood there before">
      {query.isPending ? (
        <Rows count={2} />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : items.length === 0 ? (
        <Empty title="It was never changed" />
      ) : (
        <ol className="flex flex-col gap-4">
          {items.map((version, i) => {
            const said = text({ ...entry, data: version.data as Data });
            return (
              <li key={i}>
                <p>
                  <span className="font-medium">{version.actor?.name}</span> changed it <span className="text-quiet">{fullTime(version.edited_at)}</span>
                  {version.reason && <span className="foreign block text-quiet">“{version.reason}”</span>}
                </p>
                <div className="mt-1 rounded-md border border-line bg-ground px-3 py-2">
                  <p className="text-xs text-quiet">
                    Before: {fullTime(version.at)}
                    {version.key_event && ", a key event"}
                  </p>
                  {said && <Markdown text={said} />}
                </div>
              </li>
            );
          })}
        </ol>
      )}
    </Dialog>
  );
}
