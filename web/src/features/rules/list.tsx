/* Rules in the order in which they run. They are moved by dragging or with the arrows beside them. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import { ArrowDown, ArrowUp, GripVertical, Plus } from "lucide-react";
import { useState } from "react";
import { api, type AlertRule } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { queryClient, useCan, useNames } from "@/lib/query";
import { Button, IconButton } from "@/ui/button";
import { Badge } from "@/ui/marks";
import { Empty, Failure, PageHead, Rows, When } from "@/ui/parts";
import { toastProblem } from "@/ui/toast";
import { actionWords, whenWords } from "./words";

const KEY = ["alert-rules", "list"];

export default function Rules() {
  useTitle("Rules");
  const query = useQuery({ queryKey: KEY, queryFn: () => api("GET /alert-rules", { query: { limit: 1000 } }) });
  const may = useCan("alert-rules", "update");
  const team = useNames("teams");
  const [dragged, setDragged] = useState<number>();
  // Those of the organization run first, then each team's own.
  const rules = [...(query.data?.items ?? [])].sort((a, b) => (a.team_id ?? "").localeCompare(b.team_id ?? "") || a.position - b.position);

  /* To the place of another: its position, everything below moves on. */
  async function move(from: number, to: number) {
    if (from === to || !rules[from] || !rules[to]) return;
    const next = [...rules];
    const [rule] = next.splice(from, 1);
    next.splice(to, 0, rule!);
    queryClient.setQueryData(KEY, { ...query.data, items: next });
    try {
      await Promise.all(next.map((one, i) => (one.position === i + 1 ? undefined : api("PATCH /alert-rules/{id}", { id: one.id, body: { position: i + 1 } }))));
    } catch (error) {
      toastProblem("The order was not changed", error);
    }
    queryClient.invalidateQueries({ queryKey: KEY });
  }
  async function toggle(rule: AlertRule) {
    try {
      await api("PATCH /alert-rules/{id}", { id: rule.id, body: { enabled: !rule.enabled } });
    } catch (error) {
      toastProblem("That was not changed", error);
    }
    queryClient.invalidateQueries({ queryKey: KEY });
  }

  return (
    <div className="mx-auto max-w-5xl">
      <PageHead title="Rules" sub="From top to bottom, for every new alert: what to set, hold back, group, and whom to page.">
        {may && (
          <Button look="primary" asChild>
            <Link to="/rules/$id" params={{ id: "new" }}>
              <Plus className="size-4" aria-hidden /> New rule
            </Link>
          </Button>
        )}
      </PageHead>
      <div className="overflow-hidden rounded-lg border border-line bg-surface">
        {query.isPending ? (
          <Rows />
        ) : query.isError ? (
          <Failure error={query.error} retry={() => query.refetch()} />
        ) : rules.length === 0 ? (
          <Empty title="There is no rule yet">Without rules every alert pages by the policy of its service, its team or the organization.</Empty>
        ) : (
          <ol className="divide-y divide-line">
            {rules.map((rule, i) => (
              <li
                key={rule.id}
                draggable={may}
                onDragStart={() => setDragged(i)}
                onDragOver={(event) => event.preventDefault()}
                onDrop={() => {
                  if (dragged !== undefined) void move(dragged, i);
                  setDragged(undefined);
                }}
                onDragEnd={() => setDragged(undefined)}
                className={clsx("flex items-start gap-3 px-3 py-3", dragged === i && "opacity-50", !rule.enabled && "bg-ground")}
              >
                {may && <GripVertical className="mt-1 size-4 shrink-0 cursor-grab text-quiet max-sm:hidden" aria-hidden />}
                <span className="mt-0.5 w-5 shrink-0 text-right text-quiet tabular-nums">{i + 1}</span>
                <div className="min-w-0 flex-1">
                  <div className="flex flex-wrap items-center gap-2">
                    <Link to="/rules/$id" params={{ id: rule.id }} className="foreign font-medium hover:underline">
                      {rule.name}
                    </Link>
                    {!rule.enabled && <Badge>Off</Badge>}
                    {rule.stop && <Badge tone="blue">Stops here</Badge>}
                    {rule.team_id && <Badge>{team(rule.team_id)}</Badge>}
                  </div>
                  <p className="foreign text-quiet">
                    When {whenWords(rule)}: {rule.actions.map((action) => actionWords(action as never)).join(", ") || "nothing"}
                  </p>
                  <p className="text-xs text-quiet tabular-nums">
                    {rule.hits ? (
                      <>
                        matched {rule.hits.toLocaleString()} {rule.hits === 1 ? "time" : "times"}
                        {rule.last_hit_at && (
                          <>
                            , last <When at={rule.last_hit_at} />
                          </>
                        )}
                      </>
                    ) : (
                      "never matched"
                    )}
                  </p>
                </div>
                {may && (
                  <div className="flex shrink-0 items-center">
                    <IconButton small label={`Move ${rule.name} up`} disabled={i === 0} onClick={() => move(i, i - 1)}>
                      <ArrowUp className="size-4" aria-hidden />
                    </IconButton>
                    <IconButton small label={`Move ${rule.name} down`} disabled={i === rules.length - 1} onClick={() => move(i, i + 1)}>
                      <ArrowDown className="size-4" aria-hidden />
                    </IconButton>
                    <Button small look="quiet" onClick={() => toggle(rule)}>
                      {rule.enabled ? "Switch off" : "Switch on"}
                    </Button>
                  </div>
                )}
              </li>
            ))}
          </ol>
        )}
      </div>
    </div>
  );
}
