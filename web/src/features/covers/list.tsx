/* Covers: who asks for somebody in their place, and my shifts, of which I can ask the same. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CalendarCheck, Handshake } from "lucide-react";
import { useState } from "react";
import { span } from "@/features/oncall/calendar";
import type { CoverRequest } from "@/lib/api";
import { useNow, useTitle } from "@/lib/hooks";
import { useCan, useMe, useNames } from "@/lib/query";
import { localZone } from "@/lib/time";
import { Button } from "@/ui/button";
import { Badge, Person } from "@/ui/marks";
import { Card, Empty, Failure, PageHead, Rows } from "@/ui/parts";
import { coversQuery, coverVerb, leads, mayTake, mayUndo, mine, shiftsQuery } from "./api";
import { AskForCover, type OwnShift } from "./ask";

const STATES = { open: { words: "Open", tone: "amber" }, taken: { words: "Taken", tone: "green" }, cancelled: { words: "Cancelled", tone: "grey" }, expired: { words: "Nobody took it", tone: "red" } } as const;

export default function Covers() {
  useTitle("Covers");
  const now = useNow(60_000);
  const me = useMe();
  const zone = me?.time_zone ?? localZone();
  const covers = useQuery(coversQuery);
  const shifts = useQuery(shiftsQuery(me?.id));
  const mayAsk = useCan("cover-requests", "create");
  const [asking, setAsking] = useState<OwnShift>();
  const all = covers.data?.items ?? [];
  const open = all.filter((one) => one.status === "open").sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
  const rest = all.filter((one) => one.status !== "open");
  const asked = (shift: OwnShift) => open.some((one) => mine(one, me?.id) && one.schedule_id === shift.scheduleId && Date.parse(one.starts_at) < Date.parse(shift.ends_at) && Date.parse(one.ends_at) > Date.parse(shift.starts_at));
  const list = (rows: CoverRequest[]) => (
    <ul className="divide-y divide-line">
      {rows.map((one) => (
        <Request key={one.id} one={one} zone={zone} now={now} />
      ))}
    </ul>
  );
  return (
    <div className="mx-auto max-w-6xl">
      <PageHead
        title="Covers"
        sub={
          <>
            <Link to="/on-call" className="hover:underline">
              On call
            </Link>{" "}
            · times in {zone}
          </>
        }
      />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <Card title="Somebody is needed" flush>
            {covers.isPending ? (
              <Rows count={3} />
            ) : covers.isError ? (
              <Failure error={covers.error} retry={() => covers.refetch()} />
            ) : open.length === 0 ? (
              <Empty icon={<Handshake className="size-6" aria-hidden />} title="Nobody asks for a cover">
                Whoever cannot take a shift asks from it, and stands here until somebody takes it.
              </Empty>
            ) : (
              list(open)
            )}
          </Card>
          {rest.length > 0 && (
            <Card title="What became of the others" flush>
              {list(rest.slice(0, 30))}
            </Card>
          )}
        </div>
        <Card title="My shifts" flush>
          {shifts.isPending ? (
            <Rows count={3} />
          ) : shifts.isError ? (
            <Failure error={shifts.error} retry={() => shifts.refetch()} />
          ) : shifts.data.length === 0 ? (
            <Empty icon={<CalendarCheck className="size-6" aria-hidden />} title="You have no shift in the next 60 days" />
          ) : (
            <ul className="divide-y divide-line">
              {shifts.data.slice(0, 40).map((shift) => (
                <li key={shift.scheduleId + shift.starts_at} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
                  <div className="min-w-56 flex-1">
                    <p className="tabular-nums">{span(shift, zone)}</p>
                    <p className="foreign text-xs text-quiet">
                      {shift.schedule} · {shift.why}
                    </p>
                  </div>
                  {asked(shift) ? (
                    <Badge tone="amber">Asked for</Badge>
                  ) : (
                    mayAsk && (
                      <Button small onClick={() => setAsking(shift)} aria-label={`Ask for a cover of ${shift.schedule}, ${span(shift, zone)}`}>
                        Ask for a cover
                      </Button>
                    )
                  )}
                </li>
              ))}
            </ul>
          )}
        </Card>
      </div>
      {asking && <AskForCover shift={asking} onClose={() => setAsking(undefined)} />}
    </div>
  );
}

function Request({ one, zone, now }: { one: CoverRequest; zone: string; now: number }) {
  const me = useMe();
  const user = useNames("users");
  const schedule = useNames("schedules");
  const may = { take: useCan("cover-requests", "take"), cancel: useCan("cover-requests", "cancel"), undo: useCan("cover-requests", "undo") };
  const [busy, setBusy] = useState(false);
  const state = STATES[one.status];
  const act = (verb: "take" | "cancel" | "undo", said?: string) => async () => {
    setBusy(true);
    await coverVerb(one, verb, said);
    setBusy(false);
  };
  const declines = one.asked_user_id === me?.id && !mine(one, me?.id);
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-2 px-4 py-3">
      <div className="min-w-56 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <Person id={one.user_id} name={user(one.user_id) ?? "…"} />
          <Badge tone={state.tone}>{state.words}</Badge>
          {one.in_return && <Badge tone="grey">Swap</Badge>}
        </p>
        <p className="mt-1 tabular-nums">{span(one, zone)}</p>
        {one.in_return && (
          <p className="text-quiet tabular-nums">
            takes {user(one.asked_user_id) ?? "theirs"}’s {span(one.in_return, zone)} in return
          </p>
        )}
        <p className="foreign text-xs text-quiet">
          {schedule(one.schedule_id) ?? "…"}
          {one.asked_user_id && !one.in_return && ` · ${mine(one, me?.id) ? "you ask" : "asks"} ${one.asked_user_id === me?.id ? "you" : user(one.asked_user_id)}`}
          {one.taken_by && ` · taken by ${one.taken_by.name}`}
          {one.absence_id && " · away then"}
        </p>
        {one.message && <p className="foreign mt-1">{one.message}</p>}
      </div>
      <div className="flex flex-wrap gap-2 max-sm:w-full">
        {may.take && mayTake(one, me?.id) && (
          <Button small look="primary" busy={busy} onClick={act("take")}>
            {one.in_return ? "Swap" : "Take it"}
          </Button>
        )}
        {may.cancel && one.status === "open" && (mine(one, me?.id) || declines || leads(me)) && (
          <Button small busy={busy} onClick={act("cancel", declines ? "You declined" : undefined)}>
            {declines ? "Decline" : "Cancel the request"}
          </Button>
        )}
        {may.undo && mayUndo(one, now, me) && (
          <Button small busy={busy} onClick={act("undo")} title="Takes back what taking it changed; it is open again">
            Undo
          </Button>
        )}
      </div>
    </li>
  );
}
