/* The hand-off report of the present shift: what paged, what is open, who is next. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "@/lib/api";
import { dayName, hourMinute } from "@/lib/time";
import { Person, Status } from "@/ui/marks";
import { Card, Failure, Rows } from "@/ui/parts";

type Report = Awaited<ReturnType<typeof api<"GET /schedules/{id}/handoff">>>;
type Page = Report["pages"][number];
const SHOWN = 20;
const at = (time: string, zone: string) => `${dayName(time, zone)} ${hourMinute(time, zone)}`;

function Subject({ page }: { page: Page }) {
  const className = "foreign min-w-40 flex-1 font-medium hover:underline max-sm:basis-full";
  if (page.alert_id)
    return (
      <Link to="/alerts/$id" params={{ id: page.alert_id }} search={{}} className={className}>
        {page.title}
      </Link>
    );
  if (page.incident_id)
    return (
      <Link to="/incidents/$id" params={{ id: page.incident_id }} className={className}>
        {page.title}
      </Link>
    );
  return <span className="foreign min-w-40 flex-1 max-sm:basis-full">{page.title}</span>;
}

function Pages({ title, list, zone }: { title: string; list: Page[]; zone: string }) {
  if (!list.length) return null;
  return (
    <>
      <h3 className="border-t border-line px-4 pt-3 pb-1 text-xs font-medium text-quiet">
        {title} ({list.length})
      </h3>
      <ul className="divide-y divide-line">
        {list.slice(0, SHOWN).map((page) => (
          <li key={page.id} className="flex flex-wrap items-center gap-x-3 px-4 py-2">
            <Subject page={page} />
            <Status of={page.status} />
            {page.acknowledged_by && <span className="text-xs text-quiet">by {page.acknowledged_by}</span>}
            <span className="text-xs text-quiet tabular-nums">{at(page.created_at, zone)}</span>
          </li>
        ))}
      </ul>
      {list.length > SHOWN && <p className="border-t border-line px-4 py-2 text-quiet">and {list.length - SHOWN} more</p>}
    </>
  );
}

function People({ list }: { list: Report["on_call"] }) {
  if (!list.length) return <span className="text-red">nobody</span>;
  return (
    <>
      {list.map((one) => (
        <Person key={one.id} id={one.id} name={one.name ?? "…"} />
      ))}
    </>
  );
}

/* Who has it and who gets it; a gap in between is said. */
function Change({ of, zone }: { of: Report; zone: string }) {
  const gap = of.on_call.length && of.next.length && of.ends_at && of.hands_over_at && of.ends_at !== of.hands_over_at;
  return (
    <p className="flex flex-wrap items-center gap-x-2 px-4 py-2">
      <People list={of.on_call} />
      <span className="text-quiet">since {at(of.from, zone)},</span>
      {gap && (
        <>
          <span className="text-quiet">then</span>
          <span className="text-red">nobody from {at(of.ends_at!, zone)},</span>
        </>
      )}
      {of.next.length ? (
        <>
          <span className="text-quiet">then</span>
          <People list={of.next} />
          {of.hands_over_at && <span className="text-quiet">from {at(of.hands_over_at, zone)}</span>}
        </>
      ) : (
        <span className="text-quiet">and nobody comes after within 60 days</span>
      )}
    </p>
  );
}

export function Handoff({ scheduleId, zone }: { scheduleId: string; zone: string }) {
  // A shift ends without a word on the stream: asked again each minute.
  const report = useQuery({ queryKey: ["handoffs", scheduleId], queryFn: () => api("GET /schedules/{id}/handoff", { id: scheduleId }), refetchInterval: 60_000 });
  const data = report.data;
  return (
    <Card title="Hand-off" flush className="mt-4">
      {!data && report.isError ? (
        <Failure error={report.error} retry={() => report.refetch()} />
      ) : !data ? (
        <Rows count={2} />
      ) : (
        <>
          <Change of={data} zone={zone} />
          <Pages title="Paged in this shift" list={data.pages} zone={zone} />
          <Pages title="Still open" list={data.open} zone={zone} />
          {!data.pages.length && !data.open.length && <p className="border-t border-line px-4 py-2 text-quiet">Nothing paged in this shift, and nothing is open.</p>}
        </>
      )}
    </Card>
  );
}
