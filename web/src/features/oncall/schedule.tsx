import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { AskForCover } from "@/features/covers/ask";
import { api } from "@/lib/api";
import { useNow, useTitle } from "@/lib/hooks";
import { useCan, useMe, useNames } from "@/lib/query";
import { dayName, localZone, midnight } from "@/lib/time";
import { Button, IconButton } from "@/ui/button";
import { Segments } from "@/ui/form";
import { Person } from "@/ui/marks";
import { Card, Empty, Failure, PageHead, Rows } from "@/ui/parts";
import { Calendar, type Row, span } from "./calendar";
import { Cover } from "./cover";
import { Handoff } from "./handoff";
import { Import } from "./import";

const RANGES = { "1": 1, "14": 14, "31": 31 } as const;

export default function SchedulePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const schedule = useQuery({ queryKey: ["schedules", "one", id], queryFn: () => api("GET /schedules/{id}", { id }) });
  const [range, setRange] = useState<keyof typeof RANGES>("14");
  const [shift, setShift] = useState(0);
  const [own, setOwn] = useState<"mine" | "its">("mine");
  const [covering, setCovering] = useState<[number, number] | true>();
  const [asking, setAsking] = useState<{ starts_at: string; ends_at: string }>();
  const [importing, setImporting] = useState(false);
  const may = useCan("overrides", "create");
  const mayEdit = useCan("schedules", "update");
  const mayAsk = useCan("cover-requests", "create");
  const now = useNow(60_000);
  const me = useMe();
  const userName = useNames("users");
  const name = (user: string) => userName(user) ?? "…";
  const zone = own === "its" ? (schedule.data?.time_zone ?? "UTC") : (me?.time_zone ?? localZone());
  const from = midnight(Math.floor(now / 60_000) * 60_000, zone, shift * RANGES[range]);
  const to = midnight(from + 3_600_000, zone, RANGES[range]);
  const shifts = useQuery({
    queryKey: ["schedules", "shifts", id, from, to],
    queryFn: () => api("GET /schedules/{id}/shifts", { id, query: { from: new Date(from).toISOString(), to: new Date(to).toISOString() } }),
    placeholderData: (old) => old,
  });
  useTitle(schedule.data?.name ?? "Schedule");
  if (schedule.isError) return <Failure error={schedule.error} retry={() => schedule.refetch()} />;
  const data = shifts.data;
  const rows: Row[] = data ? [...data.layers, { name: "On call", shifts: data.final, gaps: data.gaps, final: true }] : [];
  return (
    <div className="mx-auto max-w-6xl">
      <PageHead
        title={schedule.data?.name ?? "…"}
        sub={
          <>
            <Link to="/on-call" className="hover:underline">
              On call
            </Link>{" "}
            · times in {zone}
          </>
        }
      >
        <Segments
          label="Zone"
          value={own}
          onChange={setOwn}
          options={[
            { value: "mine", label: "My time" },
            { value: "its", label: schedule.data?.time_zone ?? "Its time" },
          ]}
        />
        <Segments
          label="Range"
          value={range}
          onChange={(r) => {
            setRange(r);
            setShift(0);
          }}
          options={[
            { value: "1", label: "Day" },
            { value: "14", label: "2 weeks" },
            { value: "31", label: "Month" },
          ]}
        />
        <div className="flex items-center">
          <IconButton label="Earlier" onClick={() => setShift(shift - 1)}>
            <ChevronLeft className="size-4" aria-hidden />
          </IconButton>
          <Button onClick={() => setShift(0)} disabled={shift === 0}>
            Today
          </Button>
          <IconButton label="Later" onClick={() => setShift(shift + 1)}>
            <ChevronRight className="size-4" aria-hidden />
          </IconButton>
        </div>
        {may && (
          <Button look="primary" onClick={() => setCovering(true)}>
            Cover a shift
          </Button>
        )}
        {mayEdit && <Button onClick={() => setImporting(true)}>Import a calendar</Button>}
      </PageHead>
      {schedule.data?.warnings.map((warning) => (
        <p key={warning} className="mb-3 flex items-start gap-2 rounded-lg border border-line bg-surface px-4 py-2">
          <TriangleAlert className="mt-0.5 size-4 shrink-0 text-amber" aria-hidden />
          <span className="first-letter:uppercase inline-block min-w-0">{warning}</span>
        </p>
      ))}
      <Card flush>
        {shifts.isPending ? <Rows count={4} /> : shifts.isError ? <Failure error={shifts.error} retry={() => shifts.refetch()} /> : <Calendar rows={rows} from={from} to={to} now={now} zone={zone} name={name} onSpan={may ? (start, end) => setCovering([start, end]) : undefined} />}
      </Card>
      {may && <p className="mt-2 text-xs text-quiet max-md:hidden">Draw over the last row to cover a part of it; with the keys: arrows, then O.</p>}
      {schedule.data && <Handoff scheduleId={schedule.data.id} zone={zone} />}
      <div className="mt-4 grid items-start gap-4 md:grid-cols-2">
        <Card title="As a list" flush>
          {data?.final.length === 0 && <Empty title="Nobody is on call in this range">Add a layer with people to the schedule.</Empty>}
          <ul className="divide-y divide-line">
            {data?.final.slice(0, 60).map((one) => (
              <li key={one.starts_at} className="flex flex-wrap items-center gap-x-3 px-4 py-2">
                <span className="flex min-w-32 flex-1 flex-wrap gap-x-3 font-medium">
                  {one.user_ids.map((user) => (
                    <Person key={user} id={user} name={name(user)} />
                  ))}
                </span>
                <span className="text-quiet tabular-nums">{span(one, zone)}</span>
                <span className="foreign min-w-48 flex-1 text-xs text-quiet">{one.why}</span>
                {mayAsk && me && one.user_ids.includes(me.id) && Date.parse(one.ends_at) > now && (
                  <Button small onClick={() => setAsking(one)} aria-label={`Ask for a cover, ${span(one, zone)}`}>
                    Ask for a cover
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </Card>
        <div className="flex flex-col gap-4">
          {!!data?.gaps.length && (
            <Card title={`Nobody is on call (${data.gaps.length})`} flush>
              <ul className="divide-y divide-line">
                {data.gaps.slice(0, 20).map((gap) => (
                  <li key={gap.starts_at} className="px-4 py-2 text-red tabular-nums">
                    {span(gap, zone)}
                  </li>
                ))}
              </ul>
            </Card>
          )}
          {!!data?.blocks.length && (
            <Card title="Fixed blocks" flush>
              <ul className="divide-y divide-line">
                {data.blocks.map((one) => (
                  <li key={one.id ?? one.name} className="flex flex-wrap items-center gap-x-3 px-4 py-2">
                    <Link to="/settings/$kind" params={{ kind: "schedule-blocks" }} search={{ edit: one.id ?? undefined }} className="font-medium hover:underline">
                      {one.name}
                    </Link>
                    <span className="text-quiet tabular-nums">{span(one, zone)}</span>
                  </li>
                ))}
              </ul>
            </Card>
          )}
          <Card title="Overrides" flush>
            {data?.overrides.length === 0 && <p className="p-4 text-quiet">None from {dayName(from, zone)} to {dayName(to, zone)}.</p>}
            <ul className="divide-y divide-line">
              {data?.overrides.map((one) => (
                <li key={one.id} className="flex flex-wrap items-center gap-x-3 px-4 py-2">
                  <Person id={one.user_id} name={name(one.user_id)} />
                  <span>
                    {{ cover: one.replaces_user_id ? `in place of ${name(one.replaces_user_id)}` : "in place of everyone", add: "beside", remove: "is away" }[one.kind] ?? one.kind}
                  </span>
                  <span className="text-quiet tabular-nums">{span(one, zone)}</span>
                </li>
              ))}
            </ul>
          </Card>
        </div>
      </div>
      {asking && schedule.data && <AskForCover shift={{ ...asking, scheduleId: schedule.data.id, schedule: schedule.data.name }} onClose={() => setAsking(undefined)} />}
      {importing && schedule.data && <Import scheduleId={schedule.data.id} onClose={() => setImporting(false)} />}
      {covering && schedule.data && <Cover scheduleId={schedule.data.id} zone={zone} span={covering === true ? undefined : covering} onClose={() => setCovering(undefined)} />}
    </div>
  );
}
