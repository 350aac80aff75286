/* Home: what burns, what waits for me, who is on call, how loud it is. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { BellRing, Check, TriangleAlert } from "lucide-react";
import { lazy, Suspense } from "react";
import { api, type Page } from "@/lib/api";
import { useNow, useTitle } from "@/lib/hooks";
import { organizationQuery, queryClient, useMe, useNames } from "@/lib/query";
import { untilText } from "@/lib/time";
import { Button } from "@/ui/button";
import { Badge, IncidentStatus, Person, Severity } from "@/ui/marks";
import { Card, Empty, Failure, PageHead, Rows, Skeleton } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";
import { ACTIVE } from "../incidents/api";
import { Elapsed } from "../incidents/list";
import { useUnreached } from "../oncall/api";
import { Checklist } from "./checklist";

const Loudness = lazy(() => import("./loudness"));

export default function Home() {
  useTitle("Home");
  const organization = useQuery(organizationQuery).data;
  return (
    <div className="mx-auto max-w-6xl">
      <PageHead title={organization?.name ?? "Home"} />
      <Unreached />
      <Checklist />
      <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex min-w-0 flex-col gap-4">
          <MyPages />
          <Incidents />
          <Card title="Alerts of the last 24 hours, by the hour they began">
            <Suspense fallback={<Skeleton className="h-44" />}>
              <Loudness />
            </Suspense>
          </Card>
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <OnCall />
          <MyShift />
          <Sources />
        </div>
      </div>
    </div>
  );
}

/* Whoever may be called, and cannot be. */
function Unreached() {
  const why = useUnreached();
  const on = useQuery({ queryKey: ["on-call"], queryFn: () => api("GET /on-call") }).data?.items;
  const me = useMe();
  if (!why || !on?.some((item) => item.users.some((user) => user.id === me?.id))) return null;
  return (
    <p role="status" className="mb-4 flex flex-wrap items-center gap-2 rounded-lg bg-red-wash px-4 py-3 text-red">
      <TriangleAlert className="size-4 shrink-0" aria-hidden />
      <strong className="font-semibold">You are on call, and nobody can reach you.</strong> {why}
      <Link to="/on-call/me" className="font-medium underline">
        Mend it
      </Link>
    </p>
  );
}

/* Pages that were sent to me and that nobody has answered. */
function MyPages() {
  const me = useMe();
  const pages = useQuery({ queryKey: ["pages", "active"], queryFn: () => api("GET /pages", { query: { status: "active", limit: 100 } }) }).data?.items ?? [];
  const told = useQuery({
    queryKey: ["notifications", "mine", me?.id],
    queryFn: () => api("GET /notifications", { query: { user_id: me!.id, limit: 200 } }),
    enabled: !!me && pages.length > 0,
  }).data?.items;
  const mine = pages.filter((page) => told?.some((n) => n.page_id === page.id));
  if (!mine.length) return null;
  const acknowledge = async (page: Page) => {
    try {
      await api("POST /pages/{id}/acknowledge", { id: page.id });
      toast("Acknowledged: you have it");
    } catch (error) {
      toastProblem("That was not acknowledged", error);
    }
    for (const key of ["pages", "alerts", "incidents"]) queryClient.invalidateQueries({ queryKey: [key] });
  };
  return (
    <section aria-label="Waiting for you" className="rounded-lg border-2 border-red bg-surface">
      <h2 className="flex items-center gap-2 px-4 pt-3 font-semibold text-red">
        <BellRing className="size-4" aria-hidden /> Waiting for you
      </h2>
      <ul className="divide-y divide-line">
        {mine.map((page) => (
          <li key={page.id} className="flex flex-wrap items-center gap-3 px-4 py-3">
            <span className="foreign min-w-40 flex-1 font-medium">{page.title}</span>
            <Button look="primary" onClick={() => acknowledge(page)}>
              Acknowledge
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Incidents() {
  const query = useQuery({ queryKey: ["incidents", "home"], queryFn: () => api("GET /incidents", { query: { status: [...ACTIVE], limit: 20 } }) });
  const user = useNames("users");
  const items = [...(query.data?.items ?? [])].sort((a, b) => (a.severity ?? 4) - (b.severity ?? 4));
  return (
    <Card
      title={`Active incidents${items.length ? ` (${items.length})` : ""}`}
      flush
      actions={
        <Link to="/incidents" className="text-accent-ink hover:underline">
          All
        </Link>
      }
    >
      {query.isPending ? (
        <Rows count={3} />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : items.length === 0 ? (
        <Empty icon={<Check className="size-6 text-green" aria-hidden />} title="No incident is active" />
      ) : (
        <ul className="divide-y divide-line">
          {items.map((incident) => (
            <li key={incident.id} className="relative flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 hover:bg-hover">
              <Severity of={incident.severity} />
              <Link to="/incidents/$id" params={{ id: incident.number }} dir="auto" className="min-w-40 flex-1 truncate font-medium after:absolute after:inset-0 max-sm:order-first max-sm:basis-full">
                <span className="mr-2 font-normal text-quiet">{incident.number}</span>
                {incident.title}
              </Link>
              <span className="text-quiet max-sm:min-w-0 max-sm:flex-1 max-sm:truncate">{incident.commander_id ? user(incident.commander_id) : "No commander"}</span>
              <IncidentStatus of={incident.status} />
              <Elapsed incident={incident} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

export function OnCall() {
  const now = useNow();
  const query = useQuery({ queryKey: ["on-call"], queryFn: () => api("GET /on-call"), refetchInterval: 60_000 });
  const me = useMe();
  const items = query.data?.items ?? [];
  return (
    <Card
      title="On call now"
      flush
      actions={
        <Link to="/on-call" className="text-accent-ink hover:underline">
          Schedules
        </Link>
      }
    >
      {query.isPending ? (
        <Rows count={3} />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : items.length === 0 ? (
        <Empty title="There is no schedule yet" />
      ) : (
        <ul className="divide-y divide-line">
          {items.map((item, i) => (
            <li key={item.schedule_id ?? i} className="px-4 py-2.5">
              <div className="flex items-center gap-2">
                {item.schedule_id ? (
                  <Link to="/on-call/$id" params={{ id: item.schedule_id }} className="min-w-0 flex-1 truncate text-quiet hover:underline">
                    {item.schedule}
                  </Link>
                ) : (
                  <span className="flex-1 text-quiet">{item.schedule}</span>
                )}
                {item.until && <span className="text-xs text-quiet">until {untilText(item.until, now)}</span>}
              </div>
              <div className="flex flex-wrap items-center gap-x-3 font-medium">
                {item.users.length ? item.users.map((user) => <Person key={user.id} id={user.id} name={user.name ?? user.id} />) : <Badge tone="red">Nobody</Badge>}
                {item.users.some((user) => user.id === me?.id) && <Badge tone="blue">You</Badge>}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const DAYS_AHEAD = 14;

/* When I am on call next, by the function that pages. Only schedules that name me are asked. */
function MyShift() {
  const me = useMe();
  const now = useNow(60_000);
  const query = useQuery({
    queryKey: ["schedules", "mine", me?.id],
    enabled: !!me,
    staleTime: 10 * 60_000,
    queryFn: async () => {
      const schedules = (await api("GET /schedules", { query: { limit: 200 } })).items;
      const from = Date.now();
      const range = { from: new Date(from).toISOString(), to: new Date(from + DAYS_AHEAD * 86_400_000).toISOString() };
      const mine = schedules.filter((schedule) => JSON.stringify(schedule.layers).includes(me!.id)).slice(0, 10);
      const all = await Promise.all(mine.map(async (schedule) => ({ schedule, final: (await api("GET /schedules/{id}/shifts", { id: schedule.id, query: range })).final })));
      return all
        .flatMap(({ schedule, final }) => final.filter((shift) => shift.user_ids.includes(me!.id)).map((shift) => ({ id: schedule.id, name: schedule.name, starts_at: shift.starts_at, ends_at: shift.ends_at })))
        .sort((a, b) => (a.starts_at < b.starts_at ? -1 : 1));
    },
  });
  const next = query.data?.find((shift) => Date.parse(shift.ends_at) > now);
  if (!next) return null; // who is in no schedule misses nothing
  const running = Date.parse(next.starts_at) <= now;
  return (
    <Card title={running ? "You are on call" : "Your next shift"}>
      <Link to="/on-call/$id" params={{ id: next.id }} className="font-medium hover:underline">
        {next.name}
      </Link>
      <p className="text-quiet tabular-nums">{running ? `until ${untilText(next.ends_at, now)}` : `${untilText(next.starts_at, now)} – ${untilText(next.ends_at, Date.parse(next.starts_at))}`}</p>
    </Card>
  );
}

function Sources() {
  const query = useQuery({ queryKey: ["integrations", "home"], queryFn: () => api("GET /integrations", { query: { limit: 200 } }) });
  const items = [...(query.data?.items ?? [])].sort((a, b) => ((a.last_request_at ?? "") < (b.last_request_at ?? "") ? 1 : -1)).slice(0, 8);
  const now = useNow();
  return (
    <Card
      title="Sources"
      flush
      actions={
        <Link to="/integrations" className="text-accent-ink hover:underline">
          All
        </Link>
      }
    >
      {query.isPending ? (
        <Rows count={3} />
      ) : items.length === 0 ? (
        <Empty
          title="No source is connected"
          action={
            <Button asChild>
              <Link to="/integrations/new">Connect one</Link>
            </Button>
          }
        />
      ) : (
        <ul className="divide-y divide-line">
          {items.map((one) => (
            <li key={one.id} className="relative flex items-center gap-3 px-4 py-2 hover:bg-hover">
              <Link to="/integrations/$id" params={{ id: one.id }} className="min-w-0 flex-1 truncate font-medium after:absolute after:inset-0">
                {one.name}
              </Link>
              {Array.isArray(one.warnings) && one.warnings.length > 0 && <Badge tone="amber">{one.warnings.length === 1 ? "1 hint" : `${one.warnings.length} hints`}</Badge>}
              <span className="text-xs text-quiet">{one.last_request_at ? untilText(one.last_request_at, now) : "never"}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
