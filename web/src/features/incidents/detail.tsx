/* The incident: where it stands, who leads, what happened, what is known. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import clsx from "clsx";
import { BellRing, Check, Pencil } from "lucide-react";
import { useState } from "react";
import type { IncidentSearch } from "@/app/router";
import { api, type Incident } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { useKeys } from "@/lib/keys";
import { namesQuery, useMe, useNames } from "@/lib/query";
import { dayName, fullTime, hourMinute } from "@/lib/time";
import { Button, IconButton } from "@/ui/button";
import { Input, Select } from "@/ui/form";
import { Badge, INCIDENT_STEPS, Priority, Severity, Status, words } from "@/ui/marks";
import { Menu, MenuItem } from "@/ui/overlay";
import { Card, Empty, Fact, Facts, Failure, Rows, When } from "@/ui/parts";
import { Tabs } from "@/ui/tabs";
import { TimelineOf } from "../timeline/of";
import { alertsOf, changesNear, doing, incidentQuery, pagesOf, peopleOf, relationsOf } from "./api";
import { Composer } from "./composer";
import { change, ConflictDialog } from "./conflict";
import Investigation from "./investigation";
import { Elapsed } from "./list";
import Review from "./review";
import Work from "./work";

export default function IncidentPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const query = useQuery(incidentQuery(id));
  const incident = query.data;
  useTitle(incident ? `${incident.number} ${incident.title}` : id);
  if (query.isPending) return <Rows count={10} />;
  if (!incident) return <Failure error={query.error} retry={() => query.refetch()} />;
  return <Page incident={incident} />;
}

function Page({ incident }: { incident: Incident }) {
  const id = incident.id;
  const act = (verb: "acknowledge" | "resolve" | "close" | "reopen", done: string) => doing("That did not work", () => api(`POST /incidents/{id}/${verb}`, { id, body: {} } as never), done);
  useKeys({
    a: () => incident.status === "new" && void act("acknowledge", "Acknowledged"),
    "Shift+R": () => incident.status !== "closed" && void act("resolve", "Resolved"),
    n: () => document.getElementById("composer")?.focus(),
    u: () => document.getElementById("composer")?.focus(),
  });
  return (
    <div className="mx-auto max-w-6xl">
      <ConflictDialog />
      <header className="mb-4 flex flex-col gap-3">
        <div className="flex flex-wrap items-center gap-3">
          <Link to="/incidents" className="text-quiet hover:underline">
            Incidents
          </Link>
          <span className="text-quiet tabular-nums">{incident.number}</span>
          <SeverityMenu incident={incident} />
          {incident.kind !== "normal" && <Badge>{words(incident.kind)}</Badge>}
          {incident.private && <Badge>Private</Badge>}
          <span className="flex-1" />
          <Elapsed incident={incident} />
          {incident.status === "new" && (
            <Button look="primary" onClick={() => act("acknowledge", "Acknowledged: you have it")} shortcut="a">
              Acknowledge
            </Button>
          )}
          {incident.status !== "closed" && <Button onClick={() => doing("Nobody was paged", () => api("POST /incidents/{id}/page", { id, body: {} } as never), "Paged")}>
            <BellRing className="size-4" aria-hidden /> Page
          </Button>}
          {incident.status !== "closed" && !incident.resolved_at && <Button onClick={() => act("resolve", "Resolved; it is monitored until you close it")}>Resolve</Button>}
          {incident.status === "closed" ? (
            <Button onClick={() => act("reopen", "Opened again")}>Reopen</Button>
          ) : (
            incident.resolved_at && (
              <Button look="primary" onClick={() => act("close", "Closed")}>
                Close
              </Button>
            )
          )}
        </div>
        <TitleLine incident={incident} />
        <Stepper incident={incident} />
      </header>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_23rem]">
        <div className="min-w-0 max-lg:order-2">
          <About incident={incident} />
        </div>
        <div className="flex flex-col gap-4">
          <IncidentFacts incident={incident} />
          <Alerts incident={incident} />
        </div>
      </div>
    </div>
  );
}

type Tab = "timeline" | "investigation" | "work" | "review";
const COMING: Record<Exclude<Tab, "timeline">, string> = {
  investigation: "Once an alert belongs to it, or something was changed when it began, stands here what may explain it.",
  work: "Once somebody takes part or is paged, stands here who does what.",
  review: "Once somebody has taken it or it is over, stands here how long it took and who was told.",
};

/* A tab with nothing to tell is not offered; who comes to it by its address reads what will be there. */
function useTabs(incident: Incident): Record<Tab, boolean> {
  const changes = useQuery(changesNear(incident)).data?.items.length ?? 0;
  const people = useQuery(peopleOf(incident.id)).data?.items.length ?? 0;
  const relations = useQuery(relationsOf(incident.id)).data?.items.length ?? 0;
  const alerts = useQuery(alertsOf(incident.id)).data?.items ?? [];
  const pages = useQuery(pagesOf(incident.id, alerts.map((one) => one.id))).data?.length ?? 0;
  return {
    timeline: true,
    investigation: alerts.length + changes + relations > 0,
    work: people + pages > 0 || !!incident.commander_id,
    review: pages > 0 || !!(incident.acknowledged_at ?? incident.resolved_at ?? incident.closed_at),
  };
}

function About({ incident }: { incident: Incident }) {
  const { tab: asked } = useSearch({ strict: false }) as IncidentSearch;
  const navigate = useNavigate();
  const filled = useTabs(incident);
  const tab = asked && asked in filled ? (asked as Tab) : "timeline";
  const tabs = (Object.keys(filled) as Tab[]).filter((one) => filled[one] || one === tab).map((value) => ({ value, label: words(value) }));
  return (
    <Tabs
      label="About this incident"
      value={tab}
      tabs={tabs}
      onChange={(value) => void navigate({ to: "/incidents/$id", params: { id: incident.number }, search: { tab: value === "timeline" ? undefined : value }, replace: true, resetScroll: false })}
      className="mb-4"
    >
      {tab === "timeline" ? (
        <Card>
          <div className="flex flex-col gap-4">
            {incident.status !== "closed" && <Composer incident={incident} />}
            <TimelineOf key={incident.id} subject={incident} />
          </div>
        </Card>
      ) : !filled[tab] ? (
        <Card>
          <Empty title="Nothing is here yet">{COMING[tab]}</Empty>
        </Card>
      ) : tab === "investigation" ? (
        <Investigation incident={incident} />
      ) : tab === "work" ? (
        <Work incident={incident} />
      ) : (
        <Review incident={incident} />
      )}
    </Tabs>
  );
}

function SeverityMenu({ incident }: { incident: Incident }) {
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" aria-label={`Severity SEV${incident.severity}: change`}>
          <Severity of={incident.severity} />
        </button>
      }
    >
      {[0, 1, 2, 3, 4].map((severity) => (
        <MenuItem key={severity} onSelect={() => change(incident, { severity })}>
          <Severity of={severity} />
        </MenuItem>
      ))}
    </Menu>
  );
}

function TitleLine({ incident }: { incident: Incident }) {
  const [text, setText] = useState<string>();
  if (text === undefined)
    return (
      <div className="flex items-start gap-2">
        <h1 dir="auto" className="foreign text-xl font-semibold tracking-tight">
          {incident.title}
        </h1>
        <IconButton small label="Change the title" onClick={() => setText(incident.title)}>
          <Pencil className="size-3.5" aria-hidden />
        </IconButton>
      </div>
    );
  const done = () => {
    if (text.trim() && text !== incident.title) change(incident, { title: text.trim() });
    setText(undefined);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        done();
      }}
    >
      <Input aria-label="Title" dir="auto" autoFocus value={text} maxLength={1024} onChange={(e) => setText(e.target.value)} onBlur={done} onKeyDown={(e) => e.key === "Escape" && setText(undefined)} className="!h-10 text-lg font-semibold" />
    </form>
  );
}

function Stepper({ incident }: { incident: Incident }) {
  const at = INCIDENT_STEPS.indexOf(incident.status as (typeof INCIDENT_STEPS)[number]);
  const go = (status: string) => doing("It was not moved", () => api("POST /incidents/{id}/status-updates", { id: incident.id, body: { status: status as never } }), `Now: ${words(status)}`);
  return (
    <ol aria-label="Where it stands" className="flex flex-wrap overflow-hidden rounded-lg border border-line bg-surface max-sm:flex-col">
      {INCIDENT_STEPS.map((step, i) => (
        <li key={step} className="min-w-0 flex-1">
          <button
            type="button"
            aria-current={i === at ? "step" : undefined}
            disabled={i === at || incident.status === "closed"}
            onClick={() => go(step)}
            className={clsx(
              "flex h-9 w-full items-center justify-center gap-1.5 border-line px-2 font-medium sm:border-l",
              i === 0 && "sm:border-l-0",
              i === at ? "bg-accent text-white" : i < at ? "text-ink hover:bg-hover" : "text-quiet hover:bg-hover",
              incident.status === "closed" && "cursor-default",
            )}
          >
            {i < at && <Check className="size-3.5" aria-hidden />}
            {words(step)}
          </button>
        </li>
      ))}
    </ol>
  );
}

function IncidentFacts({ incident }: { incident: Incident }) {
  const users = useQuery(namesQuery("users")).data ?? [];
  const service = useNames("services");
  const team = useNames("teams");
  const me = useMe();
  const moments: [string, string | null][] = [
    ["Impact began", incident.impact_started_at],
    ["Declared", incident.declared_at],
    ["Acknowledged", incident.acknowledged_at],
    ["Mitigated", incident.mitigated_at],
    ["Resolved", incident.resolved_at],
    ["Closed", incident.closed_at],
  ];
  return (
    <Card title="Facts">
      <Facts>
        <Fact name="Commander">
          <span className="flex items-center gap-1">
            <Select aria-label="Commander" value={incident.commander_id ?? ""} onChange={(e) => change(incident, { commander_id: e.target.value || null })}>
              <option value="">Nobody</option>
              {users.map((user) => (
                <option key={user.id} value={user.id}>
                  {user.name}
                </option>
              ))}
            </Select>
            {me && incident.commander_id !== me.id && (
              <Button small onClick={() => change(incident, { commander_id: me.id })}>
                Me
              </Button>
            )}
          </span>
        </Fact>
        <Fact name="Services">{incident.service_ids.map((s) => service(s) ?? "…").join(", ") || "–"}</Fact>
        <Fact name="Team">{team(incident.team_id) ?? "–"}</Fact>
        {moments.map(
          ([name, at]) =>
            at && (
              <Fact key={name} name={name}>
                <span title={`${fullTime(at)}\n${fullTime(at, "UTC")}`}>
                  {dayName(at)}, {hourMinute(at)}
                </span>
              </Fact>
            ),
        )}
      </Facts>
    </Card>
  );
}

const ALERTS_SHOWN = 20;

function Alerts({ incident }: { incident: Incident }) {
  const query = useQuery(alertsOf(incident.id));
  const items = query.data?.items ?? [];
  return (
    <Card title={`Alerts${incident.alert_count ? ` (${incident.alert_count})` : ""}`} flush>
      {query.isPending && <Rows count={2} />}
      {query.isSuccess && items.length === 0 && <p className="p-4 text-quiet">Declared by hand: no alert belongs to it.</p>}
      <ul className="divide-y divide-line">
        {items.slice(0, ALERTS_SHOWN).map((alert) => (
          <li key={alert.id} className="relative flex flex-col gap-1 px-4 py-2.5 hover:bg-hover">
            <Link to="/alerts/$id" params={{ id: alert.number }} search={{}} dir="auto" className="foreign line-clamp-2 font-medium after:absolute after:inset-0">
              {alert.title}
            </Link>
            <span className="flex items-center gap-3 text-quiet">
              <Status of={alert.status} />
              <Priority of={alert.priority} />
              <span className="flex-1" />
              {alert.last_seen_at && <When at={alert.last_seen_at} className="text-xs" />}
            </span>
          </li>
        ))}
      </ul>
      {(incident.alert_count ?? 0) > ALERTS_SHOWN && items.length > ALERTS_SHOWN && (
        <p className="border-t border-line px-4 py-2.5">
          <Link to="/alerts" search={{ q: `incident_id == "${incident.id}"` }} className="text-accent-ink hover:underline">
            All {incident.alert_count!.toLocaleString()}
          </Link>
        </p>
      )}
    </Card>
  );
}
