/* The rule as it stands in the form, tried on the newest alerts: which would have fitted, what would have become of them. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowRight } from "lucide-react";
import { api, isProblem } from "@/lib/api";
import { Button } from "@/ui/button";
import { Badge, Priority } from "@/ui/marks";
import { Card, When } from "@/ui/parts";

const BECOMES: Record<string, { text: string; tone: "green" | "amber" | "grey" | "blue" | "red" }> = {
  page: { text: "pages", tone: "green" },
  incident: { text: "opens an incident", tone: "blue" },
  held: { text: "is silent", tone: "grey" },
  paused: { text: "waits first", tone: "grey" },
  snoozed: { text: "is snoozed", tone: "grey" },
  unrouted: { text: "reaches nobody", tone: "amber" },
  none: { text: "nothing", tone: "grey" },
};
const Becomes = ({ what }: { what: string | null }) => <Badge tone={BECOMES[what ?? ""]?.tone ?? "grey"}>{BECOMES[what ?? ""]?.text ?? what}</Badge>;

export function Try({ rule }: { rule: Record<string, unknown> }) {
  const run = useMutation({ mutationFn: () => api("POST /alert-rules/try", { body: { rule } }) });
  const answer = run.data;
  const problem = isProblem(run.error) ? run.error : undefined;
  return (
    <Card
      title="On the last 500 alerts"
      actions={
        <Button small onClick={() => run.mutate()} busy={run.isPending}>
          Try it
        </Button>
      }
    >
      <div aria-live="polite" className="flex flex-col gap-3">
        {!answer && !problem && <p className="text-quiet">What this rule, as it stands here, would have done. Nothing is saved, nobody is paged.</p>}
        {problem && (
          <p role="alert" className="foreign text-red">
            {problem.message}
          </p>
        )}
        {answer && (
          <>
            <p>
              <strong>{answer.matched.toLocaleString()}</strong> of {answer.looked_at.toLocaleString()} {answer.looked_at === 1 ? "alert fits" : "alerts fit"}.
              {answer.failed > 0 && <span className="text-amber"> On {answer.failed} its expression is an error: for these it does not hold.</span>}
            </p>
            {answer.items.length > 0 && (
              <ul className="max-h-96 divide-y divide-line overflow-y-auto rounded-md border border-line">
                {answer.items.slice(0, 100).map((item) => (
                  <li key={item.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
                    <Link to="/alerts/$id" params={{ id: item.number ?? item.id }} search={{}} className="foreign min-w-32 flex-1 truncate font-medium hover:underline">
                      {item.title}
                    </Link>
                    {item.first_seen_at && <When at={item.first_seen_at} className="text-xs text-quiet" />}
                    {item.error ? (
                      <span className="foreign basis-full text-xs text-amber">{item.error}</span>
                    ) : (
                      <span className="flex items-center gap-1.5">
                        {item.priority_then !== item.priority && (
                          <>
                            <Priority of={item.priority} /> <ArrowRight className="size-3 text-quiet" aria-label="becomes" /> <Priority of={item.priority_then} />
                          </>
                        )}
                        {item.without !== item.with && (
                          <>
                            <Becomes what={item.without} /> <ArrowRight className="size-3 text-quiet" aria-label="becomes" />
                          </>
                        )}
                        <Becomes what={item.with} />
                      </span>
                    )}
                  </li>
                ))}
              </ul>
            )}
            {answer.items.length > 100 && <p className="text-quiet">The newest 100 are shown.</p>}
          </>
        )}
      </div>
    </Card>
  );
}
