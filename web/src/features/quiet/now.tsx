/* Quiet now: every open alert that is held, by reason, what is held longest first. Nothing that is quiet is hidden. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import clsx from "clsx";
import { BellRing } from "lucide-react";
import type { QuietSearch } from "@/app/router";
import { useNow, useTitle } from "@/lib/hooks";
import { ROW_AT, useCursor } from "@/lib/list";
import { duration, fullTime, untilText } from "@/lib/time";
import { Button } from "@/ui/button";
import { Segments } from "@/ui/form";
import { Priority, Status } from "@/ui/marks";
import { Card, Empty, Failure, Rows } from "@/ui/parts";
import { type Held, groups, type Hold, QUIET_MOST, quietQuery, REASONS } from "./api";
import { QuietHead } from "./head";
import { HoldLink } from "./hold-link";

export default function QuietNow() {
  useTitle("Quiet now");
  const { reason } = useSearch({ strict: false }) as QuietSearch;
  const navigate = useNavigate();
  const query = useQuery(quietQuery(reason));
  const items = query.data?.items ?? [];
  const counts = new Map(query.data?.reasons.map((one) => [one.reason, one.count]));
  const made = groups(items, reason);
  const rows = made.flatMap(([, list]) => list);
  const open = (held: Held) => void navigate({ to: "/alerts/$id", params: { id: held.number }, search: {} });
  const at = useCursor(rows, open);
  const shown = REASONS.filter((one) => counts.has(one.reason) || one.reason === reason);
  return (
    <div className="mx-auto max-w-5xl">
      <QuietHead title="Quiet now" sub="Every open alert that makes no noise, why, and until when. What is quiet longest stands first." />
      {shown.length > 1 && (
        <div className="mb-4 overflow-x-auto">
          <Segments
            label="Reason"
            value={reason ?? ""}
            onChange={(value) => navigate({ to: "/quiet", search: { reason: value || undefined } })}
            options={[{ value: "", label: "All" }, ...shown.map((one) => ({ value: one.reason, label: `${one.title} ${counts.get(one.reason) ?? 0}` }))]}
          />
        </div>
      )}
      {query.isPending ? (
        <div className="rounded-lg border border-line bg-surface">
          <Rows />
        </div>
      ) : query.isError && !query.data ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : rows.length === 0 ? (
        <div className="rounded-lg border border-line bg-surface">
          <Empty icon={<BellRing className="size-6" aria-hidden />} title="Nothing is quiet" action={reason && <Button onClick={() => navigate({ to: "/quiet", search: {} })}>All reasons</Button>}>
            Every open alert {reason ? "may make a noise, as far as this reason goes" : "may make a noise"}. What is silenced, in maintenance, muted, flapping or snoozed stands here.
          </Empty>
        </div>
      ) : (
        <div className="flex flex-col gap-4">
          {made.map(([group, list]) => (
            <Group key={group} reason={group} list={list} cursor={rows[at]?.id} onOpen={open} />
          ))}
          {query.data?.more && <p className="text-center text-quiet">The first {QUIET_MOST.toLocaleString()} are shown. Choose a reason to see its own.</p>}
        </div>
      )}
    </div>
  );
}

function Group({ reason, list, cursor, onOpen }: { reason: string; list: Held[]; cursor?: string; onOpen: (held: Held) => void }) {
  const about = REASONS.find((one) => one.reason === reason);
  return (
    <Card
      flush
      title={
        <>
          {about?.title ?? reason} <span className="font-normal text-quiet">{about?.doc}</span>
        </>
      }
      actions={<span className="text-quiet tabular-nums">{list.length.toLocaleString()}</span>}
    >
      <ul className="divide-y divide-line">
        {list.map((held) => (
          <Row key={held.id} held={held} reason={reason} here={held.id === cursor} onOpen={() => onOpen(held)} />
        ))}
      </ul>
    </Card>
  );
}

/* Of the holds of one reason the oldest. */
const oldest = (held: Held, reason: string): Hold | undefined => held.holds.filter((hold) => hold.reason === reason).sort((a, b) => (a.since ?? "").localeCompare(b.since ?? ""))[0];

function Row({ held, reason, here, onOpen }: { held: Held; reason: string; here: boolean; onOpen: () => void }) {
  const now = useNow();
  const hold = oldest(held, reason) ?? held.holds[0];
  return (
    <li data-cursor={here || undefined} className={clsx("relative flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 hover:bg-hover", here && ROW_AT)}>
      <Priority of={held.priority} />
      <Status of={held.status} />
      <button type="button" onClick={onOpen} className="flex min-w-40 flex-1 items-center gap-2 text-left max-sm:order-first max-sm:basis-full font-medium after:absolute after:inset-0">
        <span className="shrink-0 font-normal text-quiet tabular-nums">{held.number}</span>
        <span className="foreign min-w-0 truncate" title={held.title}>
          {held.title}
        </span>
      </button>
      {hold?.since && (
        <time dateTime={hold.since} title={`Quiet since ${fullTime(hold.since)}`} className="shrink-0 tabular-nums">
          for {duration(now - Date.parse(hold.since))}
        </time>
      )}
      <span className="shrink-0 text-quiet tabular-nums">{hold?.until ? `until ${untilText(hold.until, now)}` : "open end"}</span>
      <p className="foreign relative z-10 flex basis-full flex-wrap gap-x-2 text-quiet">
        <span>{held.quiet_because}.</span>
        {held.holds.map((one, i) => (
          <HoldLink key={i} hold={one} />
        ))}
      </p>
    </li>
  );
}

