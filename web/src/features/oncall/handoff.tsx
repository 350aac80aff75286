/* The hand-off report of the present shift: what paged, what is open, who is next. */
import { useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api";
import { fullTime } from "@/lib/time";
import { Person } from "@/ui/marks";
import { Card, Failure, Rows } from "@/ui/parts";

type Report = Awaited<ReturnType<typeof api<"GET /schedules/{id}/handoff">>>;

function Pages({ title, list }: { title: string; list: Report["pages"] }) {
  return (
    <>
      <h3 className="border-t border-line px-4 pt-3 pb-1 text-xs font-medium text-quiet">
        {title}: {list.length}
      </h3>
      <ul className="divide-y divide-line">
        {list.slice(0, 20).map((page) => (
          <li key={page.id} className="flex flex-wrap items-center gap-x-3 px-4 py-2">
            <span className="foreign min-w-40 flex-1">{page.title}</span>
            <span className="text-quiet">
              {page.status}
              {page.acknowledged_by ? ` by ${page.acknowledged_by}` : ""}
            </span>
            <span className="text-xs text-quiet tabular-nums">{fullTime(page.created_at)}</span>
          </li>
        ))}
      </ul>
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

export function Handoff({ scheduleId }: { scheduleId: string }) {
  const report = useQuery({ queryKey: ["schedules", "handoff", scheduleId], queryFn: () => api("GET /schedules/{id}/handoff", { id: scheduleId }) });
  const data = report.data;
  if (report.isError) return <Failure error={report.error} retry={() => report.refetch()} />;
  return (
    <Card title="Hand-off" flush>
      {!data ? (
        <Rows count={2} />
      ) : (
        <>
          <p className="flex flex-wrap items-center gap-x-2 px-4 py-2">
            <People list={data.on_call} /> <span className="text-quiet">since {fullTime(data.from)}, then</span> <People list={data.next} />
            {data.hands_over_at && <span className="text-quiet">at {fullTime(data.hands_over_at)}</span>}
          </p>
          <Pages title="Paged in this shift" list={data.pages} />
          <Pages title="Still open" list={data.open} />
        </>
      )}
    </Card>
  );
}
