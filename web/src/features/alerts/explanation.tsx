/* "Why did this page me?", "why not?": what the rules decided, in the order in which they ran. */
import { useQuery } from "@tanstack/react-query";
import { Check, Minus } from "lucide-react";
import { type Alert, api } from "@/lib/api";
import { fullTime } from "@/lib/time";
import { Badge, words } from "@/ui/marks";
import { Empty, Failure, Rows } from "@/ui/parts";

interface RuleResult {
  rule_id: string;
  name: string;
  result: string;
  decided_by?: string;
  done?: string;
}
export interface Run {
  run?: number;
  at?: string;
  why?: string;
  status?: string;
  outcome?: string;
  rules?: RuleResult[];
  pages?: { policy: string; why: string }[];
  holds?: { reason: string }[];
}

/* `last`: only the newest decision. */
export function Explanation({ alert, last }: { alert: Alert; last?: boolean }) {
  const query = useQuery({ queryKey: ["alerts", "why", alert.id], queryFn: () => api("GET /alerts/{id}/explanation", { id: alert.id }) });
  if (query.isPending) return <Rows count={4} />;
  if (query.isError) return <Failure error={query.error} retry={() => query.refetch()} />;
  const all = query.data.items as Run[];
  const runs = last ? all.slice(0, 1) : all;
  if (!runs.length) return <Empty title="No decision is stored" />;
  return (
    <div className="flex flex-col gap-6">
      {runs.map((run, i) => (
        <section key={i}>
          <h3 className="mb-2 flex flex-wrap items-center gap-2 font-semibold">
            {i === 0 ? "Last decision" : "Before"} <span className="font-normal text-quiet">{run.at && fullTime(run.at)}</span>
          </h3>
          <RunView run={run} />
        </section>
      ))}
    </div>
  );
}

export function RunView({ run }: { run: Run }) {
  return (
    <div className="flex flex-col gap-3">
      <p>
        <Outcome run={run} />
      </p>
      <ol className="flex flex-col gap-1.5">
        {(run.rules ?? []).map((rule) => {
          const hit = rule.result === "matched";
          return (
            <li key={rule.rule_id} className="flex gap-2">
              {hit ? <Check className="mt-0.5 size-4 shrink-0 text-green" aria-label="matched" /> : <Minus className="mt-0.5 size-4 shrink-0 text-quiet" aria-label="did not match" />}
              <span className="min-w-0">
                <span className={hit ? "font-medium" : "text-quiet"}>{rule.name}</span>
                {hit && rule.done && <span className="foreign block">{rule.done}</span>}
                {!hit && rule.decided_by && <code className="foreign block font-mono text-xs text-quiet">{rule.decided_by}</code>}
                {!["matched", "not_matched"].includes(rule.result) && <span className="block text-amber">{words(rule.result)}</span>}
              </span>
            </li>
          );
        })}
      </ol>
      {run.rules?.length === 0 && <p className="text-quiet">There were no rules.</p>}
    </div>
  );
}

function Outcome({ run }: { run: Run }) {
  if (run.pages?.length)
    return (
      <>
        <Badge tone="green">Paged</Badge> {run.pages.map((page) => `${page.policy}: ${page.why}`).join("; ")}
      </>
    );
  if (run.holds?.length)
    return (
      <>
        <Badge>Held back</Badge> {run.holds.map((hold) => hold.reason).join(", ")}
      </>
    );
  return <Badge tone={run.outcome === "unrouted" ? "amber" : "grey"}>{run.outcome === "unrouted" ? "Nobody is responsible" : words(run.outcome)}</Badge>;
}
