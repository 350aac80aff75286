import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { BellRing, CalendarPlus } from "lucide-react";
import { useState } from "react";
import { coversQuery, mayTake } from "@/features/covers/api";
import { api, type EscalationPolicy, type GetOnCallCoverageAnswer } from "@/lib/api";
import { useNow, useTitle } from "@/lib/hooks";
import { useCan, useMe, useNames } from "@/lib/query";
import { duration, untilText } from "@/lib/time";
import { Button } from "@/ui/button";
import { Badge, Person } from "@/ui/marks";
import { DryRun, PageSomebody } from "./ladder";
import { Card, Empty, Failure, PageHead, Rows } from "@/ui/parts";

export default function OnCallPage() {
  useTitle("On call");
  const now = useNow();
  const who = useQuery({ queryKey: ["on-call"], queryFn: () => api("GET /on-call"), refetchInterval: 60_000 });
  const policies = useQuery({ queryKey: ["escalation-policies", "list"], queryFn: () => api("GET /escalation-policies", { query: { limit: 200 } }) });
  const coverage = useQuery({ queryKey: ["on-call", "coverage"], queryFn: () => api("GET /on-call/coverage"), refetchInterval: 300_000 });
  const covered = (id?: string | null) => coverage.data?.items.find((one) => one.schedule_id === id);
  const me = useMe();
  const waiting = useQuery(coversQuery).data?.items.filter((one) => mayTake(one, me?.id)).length ?? 0;
  const [tried, setTried] = useState<EscalationPolicy>();
  const [paging, setPaging] = useState(false);
  const mayPage = useCan("pages", "create");
  return (
    <div className="mx-auto max-w-6xl">
      {tried && <DryRun id={tried.id} name={tried.name} onClose={() => setTried(undefined)} />}
      {paging && <PageSomebody onClose={() => setPaging(false)} />}
      <PageHead title="On call">
        {mayPage && (
          <Button look="primary" onClick={() => setPaging(true)}>
            <BellRing className="size-4" aria-hidden /> Page somebody
          </Button>
        )}
        <Button asChild>
          <Link to="/on-call/covers">Covers{waiting > 0 && ` (${waiting})`}</Link>
        </Button>
        <Button asChild>
          <Link to="/on-call/readiness">Would they hear it</Link>
        </Button>
        <Button asChild>
          <Link to="/on-call/report">Report</Link>
        </Button>
        <Button asChild>
          <Link to="/on-call/me">My contact methods</Link>
        </Button>
        <Button asChild>
          <Link to="/settings/$kind" params={{ kind: "schedules" }} search={{ edit: "new" }}>
            <CalendarPlus className="size-4" aria-hidden /> New schedule
          </Link>
        </Button>
      </PageHead>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Card title="Schedules" flush>
          {who.isPending ? (
            <Rows count={4} />
          ) : who.isError ? (
            <Failure error={who.error} retry={() => who.refetch()} />
          ) : who.data.items.length === 0 ? (
            <Empty title="There is no schedule yet">A schedule says who is called when. Policies name it, so that a page finds whoever it is.</Empty>
          ) : (
            <ul className="divide-y divide-line">
              {who.data.items.map((item, i) => (
                <li key={item.schedule_id ?? i} className="relative px-4 py-3 hover:bg-hover">
                  <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                    {item.schedule_id && (
                      <Link to="/on-call/$id" params={{ id: item.schedule_id }} className="min-w-0 flex-1 truncate font-medium after:absolute after:inset-0">
                        {item.schedule}
                      </Link>
                    )}
                    <span className="flex flex-wrap gap-x-3">
                      {item.users.length ? item.users.map((user) => <Person key={user.id} id={user.id} name={user.name ?? user.id} />) : <Badge tone="red">Nobody</Badge>}
                    </span>
                  </div>
                  <p className="text-xs text-quiet">
                    {item.until ? `until ${untilText(item.until, now)}` : "with no end"}
                    {item.next?.length ? `, then ${item.next.map((user) => user.name).join(", ")}` : ""}
                    {(item.why || item.source) && ` · ${item.why || item.source}`}
                  </p>
                  <Trouble of={covered(item.schedule_id)} now={now} />
                </li>
              ))}
            </ul>
          )}
          {coverage.isError && <p className="border-t border-line px-4 py-2 text-red">Whether there are gaps could not be loaded.</p>}
        </Card>
        <Card
          title="Escalation policies"
          flush
          actions={
            <Link to="/settings/$kind" params={{ kind: "escalation-policies" }} search={{}} className="text-accent-ink hover:underline">
              Edit
            </Link>
          }
        >
          {policies.isPending ? (
            <Rows count={4} />
          ) : policies.isError ? (
            <Failure error={policies.error} retry={() => policies.refetch()} />
          ) : (
            <ul className="divide-y divide-line">
              {policies.data.items.map((policy) => (
                <li key={policy.id} className="px-4 py-3">
                  <div className="mb-1.5 flex items-center gap-3">
                    <p className="min-w-0 flex-1 truncate font-medium">{policy.name}</p>
                    <Button small onClick={() => setTried(policy)} aria-label={`Who would be told by ${policy.name}`}>
                      Who would be told
                    </Button>
                  </div>
                  <Flow policy={policy} />
                </li>
              ))}
            </ul>
          )}
        </Card>
      </div>
    </div>
  );
}

/* What is wrong with a schedule: nobody can be told now, or there will be nobody in the next 14 days. */
function Trouble({ of, now }: { of?: GetOnCallCoverageAnswer["items"][number]; now: number }) {
  if (!of) return null;
  const [gap] = of.gaps;
  const here = gap && Date.parse(gap.starts_at) <= now;
  return (
    <>
      {of.state === "unreachable" && <p className="text-xs font-medium text-red">Whoever is on call has no contact method that works.</p>}
      {gap && (
        <p className="text-xs text-red">
          {here ? `Nobody until ${untilText(gap.ends_at, now)}` : `Nobody from ${untilText(gap.starts_at, now)} to ${untilText(gap.ends_at, now)}`}
          {of.gaps.length > 1 && `, and ${of.gaps.length - 1} more ${of.gaps.length > 2 ? "gaps" : "gap"} in 14 days`}
        </p>
      )}
    </>
  );
}

/* When a level is for it, in a few words. */
function condition(when: EscalationPolicy["levels"][number]["when"]) {
  if (!when) return "";
  const parts = [
    when.priorities?.length ? when.priorities.map((one) => (one === "none" ? "no priority" : one.toUpperCase())).join(", ") : "",
    ...(when.windows ?? []).map((one) => `${one.days?.length && one.days.length < 7 ? `${one.days.join(", ")} ` : ""}${one.from}–${one.to}`),
    ...(when.matchers ?? []).map((one) => `${one.name} ${one.op ?? "="} ${one.value ?? ""}`),
    when.rounds?.length ? `round ${when.rounds.map((one) => one + 1).join(", ")}` : "",
  ].filter(Boolean);
  return parts.length ? `only ${parts.join("; ")}, else ${when.otherwise === "hold" ? "it waits" : "the next"}` : "";
}

/* Whom, then how long one waits, then whom. */
export function Flow({ policy }: { policy: EscalationPolicy }) {
  const user = useNames("users");
  const schedule = useNames("schedules");
  const team = useNames("teams");
  const name = (target: { kind?: string | null; id?: string | null }) => (target.kind === "user" ? user(target.id) : target.kind === "schedule" ? schedule(target.id) : team(target.id)) ?? target.id ?? "?";
  return (
    <ol className="flex flex-col gap-1 text-[13px]">
      {policy.levels.map((level, i) => (
        <li key={i} className="flex flex-wrap items-center gap-x-2">
          <span className="flex size-5 items-center justify-center rounded-full bg-hover text-xs font-semibold tabular-nums">{i + 1}</span>
          <span>{level.targets.map((target) => name(target as { kind?: string; id?: string })).join(", ") || "nobody"}</span>
          {level.strategy === "round_robin" && <span className="text-quiet">one at a time, in turn</span>}
          {condition(level.when) && <span className="text-quiet">{condition(level.when)}</span>}
          {(level.attempts ?? 1) > 1 && <span className="text-quiet">{level.attempts} times</span>}
          {level.until === "resolved" && <span className="text-quiet">even after an acknowledgement</span>}
          <span className="text-quiet">
            {i < policy.levels.length - 1 || policy.repeat ? `no answer in ${duration((level.wait_s ?? 300) * 1000)}: ${i < policy.levels.length - 1 ? "next level" : policy.repeat === 1 ? "once more" : `again, ${policy.repeat} times`}` : ""}
          </span>
        </li>
      ))}
    </ol>
  );
}
