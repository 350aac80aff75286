import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import clsx from "clsx";
import { Check, Plus } from "lucide-react";
import { useState } from "react";
import { openOver } from "@/app/shell";
import { api, type Incident } from "@/lib/api";
import { useKept, useNow, useTitle } from "@/lib/hooks";
import { useKeys } from "@/lib/keys";
import { useNames } from "@/lib/query";
import { clock, duration } from "@/lib/time";
import { Button } from "@/ui/button";
import { Segments } from "@/ui/form";
import { Badge, INCIDENT_STEPS, IncidentStatus, Person, Severity, words } from "@/ui/marks";
import { Empty, Failure, PageHead, Rows } from "@/ui/parts";
import { doing, incidentsQuery } from "./api";

export default function Incidents() {
  useTitle("Incidents");
  const navigate = useNavigate();
  const [closed, setClosed] = useState(false);
  const [view, setView] = useKept<"list" | "board">("incidents.view", "list");
  const [cursor, setCursor] = useState(-1);
  const query = useQuery(incidentsQuery(closed));
  const rows = [...(query.data?.items ?? [])].sort((a, b) => (closed ? 0 : (a.severity ?? 4) - (b.severity ?? 4)) || (a.id < b.id ? 1 : -1));
  const open = (i?: Incident) => i && navigate({ to: "/incidents/$id", params: { id: i.number } });
  useKeys({
    j: () => setCursor((c) => Math.min(rows.length - 1, c + 1)),
    k: () => setCursor((c) => Math.max(0, c - 1)),
    Enter: () => open(rows[cursor]),
  });
  return (
    <>
      <PageHead title="Incidents">
        <Segments
          label="Which incidents"
          value={closed ? "closed" : "active"}
          onChange={(v) => setClosed(v === "closed")}
          options={[
            { value: "active", label: "Active" },
            { value: "closed", label: "Closed" },
          ]}
        />
        {!closed && (
          <Segments
            label="View"
            value={view}
            onChange={setView}
            options={[
              { value: "list", label: "List" },
              { value: "board", label: "Board" },
            ]}
          />
        )}
        <Button look="primary" onClick={() => openOver("declare")} shortcut="c">
          <Plus className="size-4" aria-hidden /> Declare
        </Button>
      </PageHead>
      {query.isPending ? (
        <div className="rounded-lg border border-line bg-surface">
          <Rows />
        </div>
      ) : query.isError ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : rows.length === 0 ? (
        <div className="rounded-lg border border-line bg-surface">
          <Empty
            icon={<Check className="size-6 text-green" aria-hidden />}
            title={closed ? "No incident was closed yet" : "No incident is active"}
            action={!closed && <Button onClick={() => openOver("declare")}>Declare an incident</Button>}
          >
            {!closed && "Rules declare incidents by themselves; you can declare one for anything that needs more than one person."}
          </Empty>
        </div>
      ) : view === "board" && !closed ? (
        <Board rows={rows} />
      ) : (
        <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
          {rows.map((incident, i) => (
            <Row key={incident.id} incident={incident} current={i === cursor} />
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ incident, current }: { incident: Incident; current: boolean }) {
  const user = useNames("users");
  const service = useNames("services");
  const services = incident.service_ids.map((id) => service(id)).filter(Boolean);
  return (
    <li className={clsx("relative flex min-h-(--row) flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 hover:bg-hover", current && "bg-hover shadow-[inset_3px_0_var(--accent)]")}>
      <Severity of={incident.severity} />
      <span className="w-14 text-quiet tabular-nums">{incident.number}</span>
      <Link to="/incidents/$id" params={{ id: incident.number }} dir="auto" className="min-w-48 flex-1 truncate font-medium after:absolute after:inset-0 max-sm:line-clamp-2 max-sm:basis-full max-sm:whitespace-normal" title={incident.title}>
        {incident.title}
      </Link>
      {incident.kind !== "normal" && <Badge>{words(incident.kind)}</Badge>}
      {services.length > 0 && <span className="max-w-52 truncate text-quiet">{services.join(", ")}</span>}
      <span className="w-36 truncate text-quiet">{incident.commander_id ? <Person name={user(incident.commander_id) ?? "…"} id={incident.commander_id} /> : "No commander"}</span>
      <span className="md:w-32">
        <IncidentStatus of={incident.status} />
      </span>
      <Elapsed incident={incident} />
    </li>
  );
}

export function Elapsed({ incident }: { incident: Incident }) {
  const now = useNow(1000);
  const from = new Date(incident.declared_at!).getTime();
  if (incident.closed_at) return <span className="ml-auto w-20 text-right text-quiet tabular-nums">{duration(new Date(incident.closed_at).getTime() - from)}</span>;
  return (
    <span className="ml-auto w-20 text-right font-medium tabular-nums" title="Since it was declared">
      {clock(now - from)}
    </span>
  );
}

/* A card is dragged to where its incident stands now. With the keys one opens it: its steps do the same. */
function Board({ rows }: { rows: Incident[] }) {
  const [dragged, setDragged] = useState<Incident>();
  const [over, setOver] = useState<string>();
  const drop = (step: string) => {
    if (dragged && dragged.status !== step) void doing(`${dragged.number} was not moved`, () => api("POST /incidents/{id}/status-updates", { id: dragged.id, body: { status: step as never } }), `${dragged.number}: ${words(step)}`);
    setDragged(undefined);
    setOver(undefined);
  };
  return (
    <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-4">
      {INCIDENT_STEPS.slice(0, 4).map((step) => {
        const here = rows.filter((row) => row.status === step);
        return (
          <section
            key={step}
            aria-label={words(step)}
            onDragOver={(event) => {
              if (!dragged) return;
              event.preventDefault();
              setOver(step);
            }}
            onDragLeave={() => setOver((now) => (now === step ? undefined : now))}
            onDrop={() => drop(step)}
            className={clsx("rounded-lg border bg-surface", over === step && dragged?.status !== step ? "border-accent bg-accent-wash" : "border-line")}
          >
            <h2 className="flex items-center gap-2 border-b border-line px-3 py-2">
              <IncidentStatus of={step} /> <span className="text-quiet tabular-nums">{here.length}</span>
            </h2>
            <ul className="flex min-h-16 flex-col gap-2 p-2">
              {here.map((incident) => (
                <li
                  key={incident.id}
                  draggable
                  onDragStart={() => setDragged(incident)}
                  onDragEnd={() => setDragged(undefined)}
                  className={clsx("relative cursor-grab rounded-md border border-line bg-ground p-2.5 hover:bg-hover", dragged?.id === incident.id && "opacity-50")}
                >
                  <div className="mb-1 flex items-center gap-2">
                    <Severity of={incident.severity} />
                    <span className="text-quiet tabular-nums">{incident.number}</span>
                    <span className="flex-1" />
                    <Elapsed incident={incident} />
                  </div>
                  <Link to="/incidents/$id" params={{ id: incident.number }} dir="auto" className="foreign line-clamp-3 font-medium after:absolute after:inset-0">
                    {incident.title}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}
