/* Declaring takes a title and a severity; everything else can be said later. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, isProblem, type Problem } from "@/lib/api";
import { namesQuery, queryClient, useCan } from "@/lib/query";
import { Button } from "@/ui/button";
import { Field, Input, Select } from "@/ui/form";
import { Severity } from "@/ui/marks";
import { Dialog } from "@/ui/overlay";
import { toast } from "@/ui/toast";

const MEANS = ["Everything is down", "A main thing is broken", "Something is broken", "A small thing is broken", "Barely seen"];

export default function Declare({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const services = useQuery(namesQuery("services")).data ?? [];
  const may = useCan("incidents", "create");
  const [title, setTitle] = useState("");
  const [severity, setSeverity] = useState(2);
  const [service, setService] = useState("");
  const [test, setTest] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      const made = await api("POST /incidents", { body: { title, severity, service_ids: service ? [service] : [], kind: test ? "test" : "normal" } });
      queryClient.invalidateQueries({ queryKey: ["incidents"] });
      onClose();
      toast(`${made.number} is declared`);
      navigate({ to: "/incidents/$id", params: { id: made.number } });
    } catch (error) {
      if (isProblem(error)) setProblem(error);
      setBusy(false);
    }
  }

  return (
    <Dialog open onClose={onClose} title="Declare an incident" sub="Say what is wrong and how bad it is; the rest can wait.">
      {!may ? (
        <p>Your role does not let you declare incidents. Ask somebody who responds, or an admin.</p>
      ) : (
        <form onSubmit={submit} className="flex flex-col gap-4">
          <Field label="What is wrong?" error={problem?.at("/title")}>
            {(a) => <Input {...a} dir="auto" autoFocus required maxLength={1024} placeholder="Checkout fails for a third of orders" value={title} onChange={(e) => setTitle(e.target.value)} />}
          </Field>
          <fieldset>
            <legend className="mb-1 font-medium">How bad is it?</legend>
            <div className="flex flex-col gap-1">
              {MEANS.map((means, level) => (
                <label key={level} className="flex cursor-pointer items-center gap-3 rounded-md border border-transparent px-2 py-1.5 hover:bg-hover has-checked:border-accent has-checked:bg-accent-wash">
                  <input type="radio" name="severity" checked={severity === level} onChange={() => setSeverity(level)} className="accent-(--accent)" />
                  <Severity of={level} />
                  <span>{means}</span>
                </label>
              ))}
            </div>
          </fieldset>
          <Field label="Service" optional hint="Its team is paged." error={problem?.at("/service_ids")}>
            {(a) => (
              <Select {...a} value={service} onChange={(e) => setService(e.target.value)}>
                <option value="">None in particular</option>
                {services.map((s) => (
                  <option key={s.id} value={s.id}>
                    {s.name}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <label className="flex cursor-pointer items-center gap-2">
            <input type="checkbox" checked={test} onChange={(e) => setTest(e.target.checked)} className="accent-(--accent)" />
            Only a test
          </label>
          {problem && problem.errors.length === 0 && (
            <p role="alert" className="text-red">
              {problem.message} {problem.request && `(request ${problem.request})`}
            </p>
          )}
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={busy} disabled={!title.trim()}>
              Declare
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
