/* The filter of the alerts: quick words for the status, a menu for the rest, and a chip for each thing that is set. All of
 * it is in the address. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ListFilter, X } from "lucide-react";
import { useState } from "react";
import type { AlertSearch } from "@/app/router";
import { isProblem } from "@/lib/api";
import { namesQuery, useNames } from "@/lib/query";
import { Button } from "@/ui/button";
import { Input, Segments, Select } from "@/ui/form";
import { Menu, MenuCheck, MenuHead, MenuLine } from "@/ui/overlay";

const split = (value?: string) => (value ? value.split(",") : []);

/* What the address says cannot be: the place is marked as CEL errors are. */
function FilterText({ search, problem, onSet }: { search: AlertSearch; problem: unknown; onSet: (q?: string) => void }) {
  const [text, setText] = useState(search.q ?? "");
  const [was, setWas] = useState(search.q);
  if (was !== search.q) {
    setWas(search.q);
    setText(search.q ?? "");
  }
  const wrong = search.q && isProblem(problem) && problem.status === 400 ? problem : undefined;
  return (
    <form
      role="search"
      className="basis-full"
      onSubmit={(event) => {
        event.preventDefault();
        onSet(text.trim() || undefined);
      }}
    >
      <div className="relative">
        <Input
          id="alert-filter"
          type="search"
          aria-label="Filter by an expression (CEL)"
          aria-invalid={wrong ? true : undefined}
          aria-describedby={wrong ? "alert-filter-error" : undefined}
          spellCheck={false}
          autoComplete="off"
          placeholder={'labels.env == "production" && title.contains("disk")'}
          className="pr-16 font-mono text-xs"
          value={text}
          onChange={(e) => setText(e.target.value)}
          onKeyDown={(e) => e.key === "Escape" && e.currentTarget.blur()}
        />
        <span className="pointer-events-none absolute top-1/2 right-2.5 -translate-y-1/2 text-2xs text-quiet max-md:hidden">{text.trim() === (search.q ?? "") ? "/" : "Enter ⏎"}</span>
      </div>
      {wrong && (
        <div id="alert-filter-error" role="alert" className="mt-1 text-xs text-red">
          {wrong.errors.length ? wrong.errors.map((e) => <p key={e.pointer}>{e.message}</p>) : <p>{wrong.message}</p>}
          {wrong.context && <pre className="overflow-x-auto font-mono">{wrong.context}</pre>}
        </div>
      )}
    </form>
  );
}

export function AlertFilter({ search, problem }: { search: AlertSearch; problem: unknown }) {
  const navigate = useNavigate();
  const set = (change: AlertSearch) => navigate({ to: "/alerts", search: { ...search, ...change }, replace: true });
  const toggle = (name: keyof AlertSearch, value: string) => {
    const old = split(search[name]);
    const next = old.includes(value) ? old.filter((v) => v !== value) : [...old, value];
    set({ [name]: next.join(",") || undefined });
  };
  return (
    <>
      <FilterText search={search} problem={problem} onSet={(q) => set({ q })} />
      <Chips search={search} onRemove={toggle} />
      <Segments
        label="Status"
        value={search.status ?? "open"}
        onChange={(status) => set({ status: status === "open" ? undefined : status })}
        options={[
          { value: "open", label: "Open" },
          { value: "triggered", label: "Triggered" },
          { value: "acknowledged", label: "Acknowledged" },
          { value: "all", label: "All" },
        ]}
      />
      <Select aria-label="Order" className="!w-auto" value={search.sort ?? "-id"} onChange={(e) => set({ sort: e.target.value === "-id" ? undefined : e.target.value })}>
        <option value="-id">Newest first</option>
        <option value="id">Oldest first</option>
        <option value="-status_changed_at">Last changed first</option>
        <option value="priority">Most urgent first</option>
      </Select>
      <Menu
        trigger={
          <Button>
            <ListFilter className="size-4" aria-hidden /> Filter
          </Button>
        }
      >
        <MenuHead>Priority</MenuHead>
        {["p1", "p2", "p3", "p4", "null"].map((p) => (
          <MenuCheck key={p} checked={split(search.priority).includes(p)} onChange={() => toggle("priority", p)}>
            {p === "null" ? "No priority" : p.toUpperCase()}
          </MenuCheck>
        ))}
        <MenuLine />
        <MenuCheck checked={search.unrouted === "true"} onChange={(on) => set({ unrouted: on ? "true" : undefined })}>
          Nobody was paged
        </MenuCheck>
        <Choices kind="services" title="Service" chosen={split(search.service)} onToggle={(id) => toggle("service", id)} />
        <Choices kind="integrations" title="Source" chosen={split(search.integration)} onToggle={(id) => toggle("integration", id)} />
        <Choices kind="teams" title="Team" chosen={split(search.team)} onToggle={(id) => toggle("team", id)} />
      </Menu>
    </>
  );
}

function Choices({ kind, title, chosen, onToggle }: { kind: "services" | "integrations" | "teams"; title: string; chosen: string[]; onToggle: (id: string) => void }) {
  const list = useQuery(namesQuery(kind)).data;
  if (!list?.length) return null;
  return (
    <>
      <MenuLine />
      <MenuHead>{title}</MenuHead>
      {list.slice(0, 40).map((one) => (
        <MenuCheck key={one.id} checked={chosen.includes(one.id)} onChange={() => onToggle(one.id)}>
          <span className="max-w-64 truncate">{one.name}</span>
        </MenuCheck>
      ))}
    </>
  );
}

function Chips({ search, onRemove }: { search: AlertSearch; onRemove: (name: keyof AlertSearch, value: string) => void }) {
  const service = useNames("services");
  const integration = useNames("integrations");
  const team = useNames("teams");
  const chips: { name: keyof AlertSearch; value: string; label: string }[] = [
    ...split(search.priority).map((value) => ({ name: "priority" as const, value, label: value === "null" ? "No priority" : value.toUpperCase() })),
    ...split(search.service).map((value) => ({ name: "service" as const, value, label: service(value) ?? "Service" })),
    ...split(search.integration).map((value) => ({ name: "integration" as const, value, label: integration(value) ?? "Source" })),
    ...split(search.team).map((value) => ({ name: "team" as const, value, label: team(value) ?? "Team" })),
    ...split(search.unrouted).map((value) => ({ name: "unrouted" as const, value, label: "Nobody paged" })),
  ];
  return (
    <>
      {chips.map((chip) => (
        <button
          key={chip.name + chip.value}
          type="button"
          onClick={() => onRemove(chip.name, chip.value)}
          aria-label={`Remove filter ${chip.label}`}
          className="inline-flex h-7 max-w-48 items-center gap-1 rounded-full bg-accent-wash pr-1.5 pl-2.5 text-xs font-medium text-accent-ink"
        >
          <span className="truncate">{chip.label}</span>
          <X className="size-3.5" aria-hidden />
        </button>
      ))}
    </>
  );
}
