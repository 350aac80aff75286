/* Alerts: a table that stays quick whatever its length (only what is seen is drawn, the rest comes by cursor), the filter
 * in the address, and one alert beside it in a sheet. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import clsx from "clsx";
import { BellOff, Check, Clock, Columns3, Link2, Plug, X } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { AlertSearch } from "@/app/router";
import { type Alert, isProblem } from "@/lib/api";
import { usePhone, useTitle } from "@/lib/hooks";
import { useKeys } from "@/lib/keys";
import { useNames } from "@/lib/query";
import { Button, IconButton } from "@/ui/button";
import { Checkbox } from "@/ui/form";
import { Badge, Priority, Status } from "@/ui/marks";
import { Menu, MenuCheck, MenuHead, Sheet } from "@/ui/overlay";
import { Empty, Failure, PageHead, Rows, When } from "@/ui/parts";
import { alertsQuery, canDo, useVerb } from "./api";
import { AlertDetail } from "./detail";
import { ALL, type Column, COLUMNS, FIXED, useColumns } from "./columns";
import { AlertFilter } from "./filter";
import "./live";
import { Jobs } from "./many";
import { Views } from "./views";

const isFiltered = (search: AlertSearch) => Object.entries(search).some(([name, value]) => name !== "sort" && value);

export default function AlertsPage() {
  const search = useSearch({ strict: false }) as AlertSearch;
  const { id } = useParams({ strict: false }) as { id?: string };
  const navigate = useNavigate();
  const list = useInfiniteQuery(alertsQuery(search));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState(-1);
  const [columns, setColumn] = useColumns();
  const verb = useVerb();
  useTitle(id ? `${id} · Alerts` : "Alerts");

  const open = (alert: Alert) => navigate({ to: "/alerts/$id", params: { id: alert.number }, search });
  const close = () => navigate({ to: "/alerts", search });
  const selected = rows.filter((row) => chosen.has(row.id));
  const aimed = selected.length ? selected : rows[cursor] ? [rows[cursor]] : [];
  const toggle = (alert: Alert) =>
    setChosen((old) => {
      const next = new Set(old);
      if (!next.delete(alert.id)) next.add(alert.id);
      return next;
    });
  const act = (what: Parameters<typeof verb>[0], body?: object) => {
    verb(what, aimed.filter((alert) => canDo(what, alert)), body);
    setChosen(new Set());
  };
  const move = (by: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, cursor + by));
    setCursor(next);
    if (id && rows[next]) open(rows[next]);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => rows[cursor] && open(rows[cursor]),
    x: () => rows[cursor] && toggle(rows[cursor]),
    a: () => act("acknowledge"),
    "Shift+R": () => act("resolve"),
    z: () => act("snooze", { for_s: 3600 }),
    Escape: () => (chosen.size ? setChosen(new Set()) : id && close()),
    "/": () => document.getElementById("alert-filter")?.focus(),
  });

  return (
    <>
      <PageHead title="Alerts">
        <AlertFilter search={search} problem={list.error} />
        <Views search={search} />
        <Button asChild className="!px-2 max-md:!hidden">
          <Link to="/suggestions" aria-label="What belongs together" title="What belongs together">
            <Link2 className="size-4" aria-hidden />
          </Link>
        </Button>
        <ColumnMenu columns={columns} onChange={setColumn} />
      </PageHead>
      <div className="overflow-hidden rounded-lg border border-line bg-surface">
        {list.isPending ? (
          <Rows count={12} />
        ) : list.isError && search.q && isProblem(list.error) && list.error.status === 400 ? (
          <Empty title="This filter cannot be understood">What is wrong stands below it.</Empty>
        ) : list.isError && !rows.length ? (
          <Failure error={list.error} retry={() => list.refetch()} />
        ) : rows.length === 0 ? (
          <NoAlerts filtered={isFiltered(search)} />
        ) : (
          <Table
            columns={columns}
            rows={rows}
            chosen={chosen}
            cursor={cursor}
            opened={id}
            onOpen={(alert, i) => {
              setCursor(i);
              open(alert);
            }}
            onToggle={toggle}
            onAll={(on) => setChosen(on ? new Set(rows.map((row) => row.id)) : new Set())}
            onEnd={() => list.hasNextPage && !list.isFetchingNextPage && list.fetchNextPage()}
          />
        )}
      </div>
      {selected.length > 0 && (
        <div role="toolbar" aria-label="Of the selected alerts" className="appear fixed bottom-5 left-1/2 z-30 flex -translate-x-1/2 items-center gap-1 rounded-lg border border-line bg-raised p-1.5 shadow-xl">
          <span className="px-2 font-medium tabular-nums">{selected.length} selected</span>
          <Button small onClick={() => act("acknowledge")} shortcut="a">
            <Check className="size-3.5" aria-hidden /> Acknowledge
          </Button>
          <Button small onClick={() => act("resolve")}>
            Resolve
          </Button>
          <Button small onClick={() => act("snooze", { for_s: 3600 })} shortcut="z">
            <Clock className="size-3.5" aria-hidden /> 1 h
          </Button>
          <IconButton small label="Select none" onClick={() => setChosen(new Set())}>
            <X className="size-4" aria-hidden />
          </IconButton>
        </div>
      )}
      <Jobs />
      <Sheet open={!!id} onClose={close} label={`Alert ${id ?? ""}`}>
        {id && <AlertDetail id={id} onClose={close} />}
      </Sheet>
    </>
  );
}

function NoAlerts({ filtered }: { filtered: boolean }) {
  const navigate = useNavigate();
  if (filtered)
    return (
      <Empty title="No alert fits this filter" action={<Button onClick={() => navigate({ to: "/alerts", search: {} })}>Clear the filter</Button>}>
        Resolved and dismissed alerts are shown with the status “All”.
      </Empty>
    );
  return (
    <Empty
      icon={<Check className="size-6 text-green" aria-hidden />}
      title="Nothing is open"
      action={
        <Button onClick={() => navigate({ to: "/integrations/new" })}>
          <Plug className="size-4" aria-hidden /> Connect a source
        </Button>
      }
    >
      Alerts appear here by themselves as soon as a source sends one.
    </Empty>
  );
}

const GRID = "grid items-center gap-x-3 px-3";

/* Table ----------------------------------------------------------------------------------------------------------- */

interface TableProps {
  columns: Column[];
  rows: Alert[];
  chosen: ReadonlySet<string>;
  cursor: number;
  opened?: string;
  onOpen: (alert: Alert, index: number) => void;
  onToggle: (alert: Alert) => void;
  onAll: (on: boolean) => void;
  onEnd: () => void;
}

export function Table({ columns, rows, chosen, cursor, opened, onOpen, onToggle, onAll, onEnd }: TableProps) {
  const phone = usePhone();
  const box = useRef<HTMLDivElement>(null);
  const service = useNames("services");
  const integration = useNames("integrations");
  const team = useNames("teams");
  const grid = { gridTemplateColumns: `2rem ${columns.map((column) => COLUMNS[column].width).join(" ")}` };
  const height = phone ? 76 : Number.parseInt(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 44;
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => height, overscan: 12 });
  const items = virtual.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastSeen >= rows.length - 20) onEnd();
  }, [lastSeen, rows.length, onEnd]);
  useEffect(() => {
    if (cursor >= 0) virtual.scrollToIndex(cursor, { align: "auto" });
  }, [cursor, virtual]);

  return (
    <div role="table" aria-label="Alerts" aria-rowcount={rows.length + 1} className="flex max-h-[calc(100dvh-9rem)] flex-col text-[13px]">
      <div role="row" aria-rowindex={1} className={clsx(GRID, "h-9 shrink-0 border-b border-line text-xs font-medium text-quiet max-md:hidden")} style={grid}>
        <span role="columnheader">
          <Checkbox aria-label="Select all that are loaded" checked={chosen.size > 0 && chosen.size === rows.length} onChange={(e) => onAll(e.target.checked)} />
        </span>
        {columns.map((column) => (
          <span key={column} role="columnheader" className={clsx("truncate", column === "count" && "text-right")}>
            {COLUMNS[column].head}
          </span>
        ))}
      </div>
      <div ref={box} role="rowgroup" tabIndex={-1} className="overflow-y-auto" data-testid="alert-rows">
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const alert = rows[item.index]!;
            return (
              <div
                key={alert.id}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={chosen.has(alert.id)}
                data-cursor={item.index === cursor || undefined}
                onClick={() => onOpen(alert, item.index)}
                className={clsx(
                  "absolute inset-x-0 cursor-pointer border-b border-line hover:bg-hover",
                  phone ? "flex flex-col justify-center gap-1 px-4" : GRID,
                  item.index === cursor && "bg-hover shadow-[inset_3px_0_var(--accent)]",
                  (alert.number === opened || alert.id === opened) && "bg-accent-wash",
                )}
                style={{ ...(phone ? {} : grid), height: item.size, transform: `translateY(${item.start}px)` }}
              >
                {phone ? <PhoneRow alert={alert} onOpen={() => onOpen(alert, item.index)} /> : <WideRow alert={alert} chosen={chosen.has(alert.id)} onToggle={() => onToggle(alert)} onOpen={() => onOpen(alert, item.index)} columns={columns} service={service(alert.service_id)} source={integration(alert.integration_id)} team={team(alert.team_id)} />}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Holds({ alert }: { alert: Alert }) {
  if (!alert.holds.length) return null;
  const why = alert.holds.map((hold) => hold.reason).join(", ");
  return (
    <Badge tone="grey">
      <BellOff className="size-3" aria-hidden /> <span className="max-w-24 truncate">{why}</span>
    </Badge>
  );
}

function Title({ alert, onOpen }: { alert: Alert; onOpen: () => void }) {
  return (
    <button
      type="button"
      dir="auto"
      onClick={(event) => {
        event.stopPropagation();
        onOpen();
      }}
      className="min-w-0 truncate text-left font-medium"
      title={alert.title}
    >
      {alert.title}
    </button>
  );
}

interface WideProps {
  alert: Alert;
  columns: Column[];
  chosen: boolean;
  onToggle: () => void;
  onOpen: () => void;
  service?: string;
  source?: string;
  team?: string;
}

function WideRow({ alert, columns, chosen, onToggle, onOpen, ...names }: WideProps) {
  return (
    <>
      <span role="cell" onClick={(event) => event.stopPropagation()}>
        <Checkbox aria-label={`Select ${alert.number}`} checked={chosen} onChange={onToggle} />
      </span>
      {columns.map((column) => (
        <Cell key={column} column={column} alert={alert} onOpen={onOpen} {...names} />
      ))}
    </>
  );
}

function Cell({ column, alert, onOpen, service, source, team }: { column: Column; alert: Alert; onOpen: () => void; service?: string; source?: string; team?: string }) {
  const quiet = (text?: string | null) => (
    <span role="cell" className="truncate text-quiet" title={text ?? undefined}>
      {text ?? "–"}
    </span>
  );
  switch (column) {
    case "status":
      return (
        <span role="cell">
          <Status of={alert.status} />
        </span>
      );
    case "priority":
      return (
        <span role="cell">
          <Priority of={alert.priority} />
        </span>
      );
    case "number":
      return (
        <span role="cell" className="truncate text-quiet tabular-nums">
          {alert.number.replace("ALERT-", "#")}
        </span>
      );
    case "title":
      return (
        <span role="cell" className="flex min-w-0 items-center gap-2">
          <Title alert={alert} onOpen={onOpen} />
          <Holds alert={alert} />
          {alert.unrouted && <Badge tone="amber">Nobody paged</Badge>}
        </span>
      );
    case "service":
      return (
        <span role="cell" className="truncate" title={service}>
          {service ?? "–"}
        </span>
      );
    case "source":
      return quiet(source);
    case "team":
      return quiet(team);
    case "who":
      return quiet(alert.acknowledged_by?.name);
    case "env":
      return quiet((alert.labels as Record<string, string> | null)?.env);
    case "count":
      return (
        <span role="cell" className="text-right text-quiet tabular-nums">
          {(alert.count ?? 1).toLocaleString()}
        </span>
      );
    case "began":
      return (
        <span role="cell" className="text-quiet">
          {alert.first_seen_at && <When at={alert.first_seen_at} />}
        </span>
      );
    case "seen":
      return (
        <span role="cell" className="text-quiet">
          {alert.last_seen_at && <When at={alert.last_seen_at} />}
        </span>
      );
  }
}

function ColumnMenu({ columns, onChange }: { columns: Column[]; onChange: (column: Column, on: boolean) => void }) {
  return (
    <Menu
      trigger={
        <Button aria-label="Columns" title="Columns" className="!px-2 max-md:!hidden">
          <Columns3 className="size-4" aria-hidden />
        </Button>
      }
    >
      <MenuHead>Columns</MenuHead>
      {ALL.filter((column) => !FIXED.includes(column)).map((column) => (
        <MenuCheck key={column} checked={columns.includes(column)} onChange={(on) => onChange(column, on)}>
          {COLUMNS[column].head}
        </MenuCheck>
      ))}
    </Menu>
  );
}

function PhoneRow({ alert, onOpen }: { alert: Alert; onOpen: () => void }) {
  return (
    <>
      <span role="cell" className="flex min-w-0">
        <Title alert={alert} onOpen={onOpen} />
      </span>
      <span role="cell" className="flex items-center gap-3 text-quiet">
        <Priority of={alert.priority} />
        <Status of={alert.status} />
        <span className="flex-1" />
        {alert.last_seen_at && <When at={alert.last_seen_at} className="text-xs" />}
      </span>
    </>
  );
}
