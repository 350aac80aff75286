/* Would they hear it? Everybody who is on call now or soon, what would tell them at once, and what is missing. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { BellRing, CalendarClock } from "lucide-react";
import { useState } from "react";
import { api, type GetOnCallReadinessAnswer } from "@/lib/api";
import { useNow, useTitle } from "@/lib/hooks";
import { ROW_AT, useCursor } from "@/lib/list";
import { queryClient, useCan, useMe, useNames } from "@/lib/query";
import { untilText } from "@/lib/time";
import { Button } from "@/ui/button";
import { Segments } from "@/ui/form";
import { Badge, Person, words } from "@/ui/marks";
import { Empty, Failure, PageHead, Rows, When } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";

type One = GetOnCallReadinessAnswer["items"][number];
const SPANS = [
  { value: "1", label: "A day" },
  { value: "14", label: "2 weeks" },
  { value: "60", label: "60 days" },
];

/* Who would not hear a page stands first, and among them who is on call soonest. */
export const worstFirst = (items: One[]) => [...items].sort((a, b) => Number(a.ready) - Number(b.ready) || Number(b.on_call) - Number(a.on_call) || Date.parse(a.from) - Date.parse(b.from) || a.user_id.localeCompare(b.user_id));

export default function Readiness() {
  useTitle("Would they hear it");
  const [days, setDays] = useState("14");
  const query = useQuery({ queryKey: ["on-call", "readiness", days], queryFn: () => api("GET /on-call/readiness", { query: { days: Number(days) } }), refetchInterval: 300_000, placeholderData: keepPreviousData });
  const rows = worstFirst(query.data?.items ?? []);
  const missing = rows.filter((one) => !one.ready).length;
  const navigate = useNavigate();
  const at = useCursor(rows, (row) => void navigate({ to: "/on-call/$id", params: { id: row.schedule_id } }));
  return (
    <div className="mx-auto max-w-5xl">
      <PageHead
        title="Would they hear it"
        sub={
          <>
            <Link to="/on-call" className="hover:underline">
              On call
            </Link>
            {query.data && rows.length > 0 && ` · ${missing ? `${missing} of ${rows.length} would not hear an urgent page at once` : `an urgent page tells all ${rows.length} at once`}`}
          </>
        }
      >
        <Segments label="How far ahead" value={days} options={SPANS} onChange={setDays} />
      </PageHead>
      <div className="overflow-hidden rounded-lg border border-line bg-surface">
        {query.isPending ? (
          <Rows />
        ) : query.isError ? (
          <Failure error={query.error} retry={() => query.refetch()} />
        ) : rows.length === 0 ? (
          <Empty icon={<CalendarClock className="size-6" aria-hidden />} title="Nobody is on call in that time">
            Here stands who will be, and whether a page would reach them.
          </Empty>
        ) : (
          <ul className="divide-y divide-line">
            {rows.map((one, i) => (
              <Row key={one.user_id} one={one} here={i === at} />
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

function Row({ one, here }: { one: One; here: boolean }) {
  const now = useNow(60_000);
  const me = useMe();
  const schedule = useNames("schedules");
  const may = useCan("users", "remind");
  const [busy, setBusy] = useState(false);
  const name = one.name ?? one.user_id;
  async function remind() {
    setBusy(true);
    try {
      await api("POST /users/{id}/remind", { id: one.user_id });
      toast(`${name} is told what is missing`);
    } catch (error) {
      toastProblem(`${name} was not reminded`, error);
    }
    setBusy(false);
    void queryClient.invalidateQueries({ queryKey: ["on-call"] });
  }
  return (
    <li data-cursor={here || undefined} className={`flex flex-wrap items-start gap-x-3 gap-y-2 px-4 py-3 ${here ? ROW_AT : ""}`}>
      <div className="min-w-56 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <Person id={one.user_id} name={name} />
          <Badge tone={one.ready ? (one.problems.length ? "amber" : "green") : "red"}>{one.ready ? "Hears it at once" : "Would not hear it"}</Badge>
        </p>
        <p className="mt-1 text-quiet">
          {one.on_call ? "on call now" : `from ${untilText(one.from, now)}`} ·{" "}
          <Link to="/on-call/$id" params={{ id: one.schedule_id }} className="hover:underline">
            {schedule(one.schedule_id) ?? "…"}
          </Link>
        </p>
        <ul>
          {one.problems.map((text) => (
            <li key={text} className={one.ready ? "text-quiet" : "text-red"}>
              {text}
            </li>
          ))}
        </ul>
      </div>
      <dl className="grid w-64 grid-cols-[6.5rem_minmax(0,1fr)] gap-x-3 text-xs max-sm:w-full">
        <dt className="text-quiet">At once by</dt>
        <dd>{one.at_once.length ? one.at_once.map((kind) => words(kind)).join(", ") : "nothing"}</dd>
        <dt className="text-quiet">Verified</dt>
        <dd>{one.verified_methods === 1 ? "1 method" : `${one.verified_methods} methods`}</dd>
        <dt className="text-quiet">Last test</dt>
        <dd>{one.last_test_at ? <When at={one.last_test_at} /> : "never"}</dd>
        <dt className="text-quiet">Last message</dt>
        <dd>{one.last_delivery_at ? <When at={one.last_delivery_at} /> : "never"}</dd>
      </dl>
      <div className="w-28 text-right max-sm:w-full max-sm:text-left">
        {one.user_id === me?.id && one.problems.length > 0 ? (
          <Button small asChild>
            <Link to="/on-call/me">Put it right</Link>
          </Button>
        ) : (
          may &&
          one.problems.length > 0 && (
            <Button small busy={busy} onClick={remind} aria-label={`Remind ${name}`}>
              <BellRing className="size-3.5" aria-hidden /> Remind
            </Button>
          )
        )}
      </div>
    </li>
  );
}
