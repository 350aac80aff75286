/* The catalog: choose what sends, give it a name, get its address. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, isProblem, type Problem } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { namesQuery, queryClient } from "@/lib/query";
import { Button } from "@/ui/button";
import { Field, Input, Select } from "@/ui/form";
import { Dialog } from "@/ui/overlay";
import { Empty, Failure, PageHead, Rows } from "@/ui/parts";
import { templatesQuery } from "./api";
import { Lettermark } from "./lettermark";

interface Template {
  name: string;
  title: string;
}

export default function Create() {
  useTitle("Connect a source");
  const query = useQuery(templatesQuery);
  const [find, setFind] = useState("");
  const [chosen, setChosen] = useState<Template>();
  const all = (query.data?.items ?? []) as Template[];
  const shown = all.filter((t) => `${t.title} ${t.name}`.toLowerCase().includes(find.toLowerCase())).sort((a, b) => a.title.localeCompare(b.title));
  return (
    <div className="mx-auto max-w-5xl">
      <PageHead title="Connect a source" sub="What sends the alerts?">
        <Input type="search" aria-label="Find a source" placeholder="Find a source" autoFocus className="!w-56" value={find} onChange={(e) => setFind(e.target.value)} />
      </PageHead>
      {query.isPending ? (
        <Rows />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : (
        <>
          <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
            {shown.map((template) => (
              <li key={template.name}>
                <button type="button" onClick={() => setChosen(template)} className="flex w-full items-center gap-3 rounded-lg border border-line bg-surface p-3 text-left hover:bg-hover">
                  <Lettermark name={template.title} big />
                  <span className="min-w-0">
                    <span className="block truncate font-medium">{template.title}</span>
                    <span className="block truncate text-xs text-quiet">{template.name}</span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {shown.length === 0 && (
            <Empty title={`The catalog has no “${find}”`} action={<Button onClick={() => setChosen(all.find((t) => t.name === "generic"))}>Use our own JSON</Button>}>
              Anything that can send a webhook can send our own JSON.
            </Empty>
          )}
        </>
      )}
      {chosen && <NameIt template={chosen} onClose={() => setChosen(undefined)} />}
    </div>
  );
}

function NameIt({ template, onClose }: { template: Template; onClose: () => void }) {
  const navigate = useNavigate();
  const teams = useQuery(namesQuery("teams")).data ?? [];
  const [name, setName] = useState(template.title);
  const [team, setTeam] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    try {
      const made = await api("POST /integrations", { body: { name, template: template.name, team_id: team || null } });
      queryClient.invalidateQueries({ queryKey: ["integrations"] });
      navigate({ to: "/integrations/$id", params: { id: made.id } });
    } catch (error) {
      if (isProblem(error)) setProblem(error);
      setBusy(false);
    }
  }
  return (
    <Dialog open onClose={onClose} title={template.title}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" hint="What people call it." error={problem?.at("/name")}>
          {(a) => <Input {...a} required maxLength={120} value={name} onChange={(e) => setName(e.target.value)} />}
        </Field>
        <Field label="Team" optional hint="Is paged for alerts that name no service." error={problem?.at("/team_id")}>
          {(a) => (
            <Select {...a} value={team} onChange={(e) => setTeam(e.target.value)}>
              <option value="">None</option>
              {teams.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {problem && problem.errors.length === 0 && (
          <p role="alert" className="text-red">
            {problem.message}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" look="primary" busy={busy}>
            Get its address
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
