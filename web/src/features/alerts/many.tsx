/* Verbs on many alerts: one request. More than the server does at once become a job there; how far it is stands at the foot of
 * the page, in every tab, until it ends. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { api, type AcknowledgeAlertsAnswer, type Job, Problem } from "@/lib/api";
import { queryClient } from "@/lib/query";
import { Button } from "@/ui/button";
import { toast, toastProblem } from "@/ui/toast";

export type Outcome = Pick<AcknowledgeAlertsAnswer, "total" | "done" | "failed"> & { items: { status: number; detail: string | null }[] };
const isJob = (answer: Outcome | Job): answer is Job => "verb" in answer;

/* What was refused, in one sentence; undefined: nothing. */
export function refused({ failed, total, items }: Outcome): Problem | undefined {
  if (!failed) return undefined;
  const first = items.find((one) => one.status >= 400)?.detail ?? "";
  return new Problem(0, "some", failed === total ? `None of ${total} was: ${first}` : `${failed} of ${total} were not: ${first}`);
}

let running: string[] = [];
const watchers = new Set<() => void>();
function setRunning(next: string[]) {
  running = next;
  for (const watcher of watchers) watcher();
}

/* True: done here and now; false: a job does it, and tells when it is done. */
export async function many(verb: string, ids: string[], body?: object): Promise<boolean> {
  const answer = (await api(`POST /alerts/${verb}` as "POST /alerts/acknowledge", { body: { ids, ...body } })) as unknown as Outcome | Job;
  if (isJob(answer)) {
    queryClient.setQueryData(["jobs", "one", answer.id], answer);
    setRunning([...running, answer.id]);
    return false;
  }
  const problem = refused(answer);
  if (problem) throw problem;
  return true;
}

const DOING: Record<string, [string, string]> = {
  acknowledge: ["Acknowledging", "acknowledged"],
  resolve: ["Resolving", "resolved"],
  snooze: ["Snoozing", "snoozed"],
  unsnooze: ["Waking for you", "told to you again"],
  unacknowledge: ["Handing back", "handed back"],
  reopen: ["Opening again", "opened again"],
  dismiss: ["Dismissing", "dismissed"],
};

export function Jobs() {
  const ids = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    () => running,
  );
  if (!ids.length) return null;
  return (
    <div className="fixed right-4 bottom-4 z-30 flex w-80 max-w-[calc(100vw-2rem)] flex-col gap-2">
      {ids.map((id) => (
        <Progress key={id} id={id} />
      ))}
    </div>
  );
}

function Progress({ id }: { id: string }) {
  const query = useQuery({ queryKey: ["jobs", "one", id], queryFn: () => api("GET /jobs/{id}", { id }), staleTime: 0, refetchInterval: (q) => (q.state.data && q.state.data.status !== "running" ? false : 1000) });
  const job = query.data;
  const over = !!job && job.status !== "running";
  const [doing, done] = DOING[job?.verb ?? ""] ?? [job?.verb ?? "", "done"];
  useEffect(() => {
    if (!over) return;
    setRunning(running.filter((one) => one !== id));
    for (const key of ["alerts", "incidents", "pages", "timeline", "quiet"]) void queryClient.invalidateQueries({ queryKey: [key] });
    if (job.failed || job.status !== "done") toastProblem(`${job.done.toLocaleString()} of ${job.total.toLocaleString()} ${done}`, new Problem(0, "some", job.reason ?? job.failures[0]?.detail ?? (job.status === "cancelled" ? "It was ended; what was done stays done." : "Some were refused.")));
    else toast(`${job.total.toLocaleString()} alerts ${done}`);
  }, [over, id, job, done]);
  if (!job || over) return null;
  const tried = job.done + job.failed;
  return (
    <section aria-label={doing} className="appear rounded-lg border border-line bg-raised p-3 shadow-xl">
      <div className="flex items-center gap-2">
        <p role="status" className="min-w-0 flex-1 tabular-nums">
          {doing} {tried.toLocaleString()} of {job.total.toLocaleString()}
        </p>
        <Button small onClick={() => void api("POST /jobs/{id}/cancel", { id }).then(() => query.refetch(), (error: unknown) => toastProblem("It goes on", error))}>
          Stop
        </Button>
      </div>
      <progress aria-label={`${doing}, how far`} value={tried} max={job.total} className="mt-2 h-1.5 w-full accent-(--accent)" />
    </section>
  );
}
