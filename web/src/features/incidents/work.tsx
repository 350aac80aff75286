/* Who works on it, and whom it rings. */
import { useQuery } from "@tanstack/react-query";
import { api, type Incident, type Page } from "@/lib/api";
import { useNow } from "@/lib/hooks";
import { useCan, useMe, useNames } from "@/lib/query";
import { fullTime, untilText } from "@/lib/time";
import { Button } from "@/ui/button";
import { Badge, Person, Status, words } from "@/ui/marks";
import { Card, Failure, Rows, When } from "@/ui/parts";
import { Told } from "../pages/told";
import { alertsOf, doing, pagesOf, peopleOf } from "./api";

export default function Work({ incident }: { incident: Incident }) {
  return (
    <div className="flex flex-col gap-4">
      <Responders incident={incident} />
      <Pages incident={incident} />
    </div>
  );
}

/* Which roles somebody holds, by id. */
export function rolesOf(incident: Pick<Incident, "commander_id" | "roles">) {
  const held = new Map<string, string[]>();
  const add = (id: unknown, role: string) => typeof id === "string" && held.set(id, [...(held.get(id) ?? []), role]);
  add(incident.commander_id, "commander");
  for (const [role, who] of Object.entries((incident.roles as Record<string, unknown> | null) ?? {})) for (const id of Array.isArray(who) ? who : [who]) add(id, role);
  return held;
}

function Responders({ incident }: { incident: Incident }) {
  const query = useQuery(peopleOf(incident.id));
  const user = useNames("users");
  const me = useMe();
  const may = useCan("incidents", "join");
  const people = query.data?.items ?? [];
  const roles = rolesOf(incident);
  const named = [...roles.keys()].filter((id) => !people.some((one) => one.user_id === id)).map((id) => ({ user_id: id, name: user(id) ?? "…", joined_at: undefined }));
  const here = !!me && people.some((one) => one.user_id === me.id);
  const change = (verb: "join" | "leave") => doing(verb === "join" ? "You did not join" : "You did not leave", () => api(`POST /incidents/{id}/${verb}`, { id: incident.id, body: {} } as never), verb === "join" ? "You take part" : "You take part no longer");
  return (
    <Card
      title="Who works on it"
      flush
      actions={
        may &&
        me &&
        incident.status !== "closed" && (
          <Button small onClick={() => change(here ? "leave" : "join")}>
            {here ? "Leave" : "Join"}
          </Button>
        )
      }
    >
      {query.isPending ? (
        <Rows count={2} />
      ) : query.isError && !query.data ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : people.length + named.length === 0 ? (
        <p className="p-4 text-quiet">Nobody yet. Whoever acknowledges it, takes a role or joins stands here.</p>
      ) : (
        <ul className="divide-y divide-line">
          {[...named, ...people].map((one) => (
            <li key={one.user_id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
              <Person name={one.name} id={one.user_id} />
              {roles.get(one.user_id)?.map((role) => (
                <Badge key={role} tone={role === "commander" ? "blue" : "grey"}>
                  {words(role)}
                </Badge>
              ))}
              <span className="flex-1" />
              {one.joined_at && (
                <span className="text-xs text-quiet">
                  since <When at={one.joined_at} />
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Pages({ incident }: { incident: Incident }) {
  const alerts = useQuery(alertsOf(incident.id)).data?.items ?? [];
  const query = useQuery(pagesOf(incident.id, alerts.map((one) => one.id)));
  const rows = query.data ?? [];
  return (
    <Card title="Pages" flush>
      {query.isPending ? (
        <Rows count={2} />
      ) : query.isError && !query.data ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : rows.length === 0 ? (
        <p className="p-4 text-quiet">Nobody was paged for it. The button Page, above, pages who answers for it.</p>
      ) : (
        <ul className="divide-y divide-line">
          {rows.map((page) => (
            <PageRow key={page.id} page={page} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function PageRow({ page }: { page: Page }) {
  const policy = useNames("escalation-policies");
  const now = useNow();
  return (
    <li className="flex flex-col gap-2 px-4 py-3">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Status of={page.status} />
        <span className="foreign min-w-40 flex-1 font-medium max-sm:order-first max-sm:basis-full">{page.title}</span>
        <time dateTime={page.created_at} title={fullTime(page.created_at)} className="text-xs text-quiet">
          <When at={page.created_at} />
        </time>
      </p>
      <p className="foreign text-quiet">
        {[
          page.policy_id ? (policy(page.policy_id) ?? "…") : undefined,
          page.level && `level ${page.level}`,
          page.status === "active" && page.next_escalation_at && `the next one ${untilText(page.next_escalation_at, now)}`,
          page.acknowledged_by && `answered by ${page.acknowledged_by.name}`,
          page.reason ?? page.why,
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <Told page={page.id} />
    </li>
  );
}
