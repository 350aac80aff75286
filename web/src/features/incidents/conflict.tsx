/* Two people change one field: both values are shown, and one of the two decides. */
import { useSyncExternalStore } from "react";
import { api, isProblem, type Incident } from "@/lib/api";
import { queryClient, useNames } from "@/lib/query";
import { Button } from "@/ui/button";
import { Severity } from "@/ui/marks";
import { Dialog } from "@/ui/overlay";
import { toastProblem } from "@/ui/toast";
import { incidentQuery } from "./api";

export type Change = Partial<Pick<Incident, "title" | "severity" | "commander_id" | "service_ids" | "status" | "summary">>;
interface Conflict {
  theirs: Incident;
  mine: Change;
  name: keyof Change;
}

let conflict: Conflict | undefined;
const watchers = new Set<() => void>();
function set(next?: Conflict) {
  conflict = next;
  for (const watcher of watchers) watcher();
}

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

async function write(incident: Incident, body: Change) {
  const now = await api("PATCH /incidents/{id}", { id: incident.id, body: body as never, version: incident.version });
  queryClient.setQueryData(incidentQuery(incident.number).queryKey, now);
}

/* A write that names the version it saw. When only something else was changed meanwhile, it is written again over that; when
 * it was this very field, both values are shown. */
export async function change(incident: Incident, body: Change) {
  const name = Object.keys(body)[0] as keyof Change;
  try {
    await write(incident, body);
  } catch (error) {
    if (!isProblem(error) || (error.status !== 412 && error.status !== 409)) toastProblem("That was not changed", error);
    else {
      const theirs = await api("GET /incidents/{id}", { id: incident.id });
      queryClient.setQueryData(incidentQuery(incident.number).queryKey, theirs);
      if (same(theirs[name], body[name])) return;
      if (error.status === 412 && same(theirs[name], incident[name])) return change(theirs, body);
      set({ theirs, mine: body, name });
    }
  }
  for (const key of ["incidents", "timeline"]) void queryClient.invalidateQueries({ queryKey: [key] });
}

const NAMES: Record<keyof Change, string> = { title: "the title", severity: "the severity", commander_id: "the commander", service_ids: "the services", status: "the status", summary: "the summary" };

export function ConflictDialog() {
  const now = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    () => conflict,
  );
  const user = useNames("users");
  if (!now) return null;
  const show = (value: unknown) => {
    if (now.name === "severity") return <Severity of={value as number} />;
    if (now.name === "commander_id") return user(value as string) ?? "Nobody";
    return value === null || value === undefined || value === "" ? "–" : Array.isArray(value) ? value.join(", ") : String(value);
  };
  const mine = () => {
    set();
    void change(now.theirs, now.mine);
  };
  return (
    <Dialog open onClose={() => set()} title={`Somebody else changed ${NAMES[now.name]} just now`} sub="Which of the two shall stand?">
      <dl className="grid gap-3 sm:grid-cols-2">
        {(["Theirs", "Yours"] as const).map((whose) => (
          <div key={whose} className="rounded-md border border-line p-3">
            <dt className="text-xs text-quiet">{whose}</dt>
            <dd dir="auto" className="foreign mt-1 font-medium">
              {show(whose === "Theirs" ? now.theirs[now.name] : now.mine[now.name])}
            </dd>
          </div>
        ))}
      </dl>
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={() => set()}>Keep theirs</Button>
        <Button look="primary" onClick={mine}>
          Use mine
        </Button>
      </div>
    </Dialog>
  );
}
