import { queryOptions } from "@tanstack/react-query";
import { api, type Incident } from "@/lib/api";
import { queryClient } from "@/lib/query";
import { toast, toastProblem } from "@/ui/toast";

export const ACTIVE = ["new", "investigating", "fixing", "monitoring"] as const;

export const incidentsQuery = (closed: boolean) =>
  queryOptions({
    queryKey: ["incidents", "list", closed],
    queryFn: () => api("GET /incidents", { query: { limit: 200, status: closed ? ["closed"] : [...ACTIVE] } }),
  });
/* The newest 200 of its alerts; and for its tabs who takes part, what rang, what was changed when it began. */
export const alertsOf = (id: string) => queryOptions({ queryKey: ["alerts", "of", id], queryFn: () => api("GET /incidents/{id}/alerts", { id, query: { limit: 200 } as never }) });
export const peopleOf = (id: string) => queryOptions({ queryKey: ["incidents", "people", id], queryFn: () => api("GET /incidents/{id}/people", { id, query: { limit: 200 } as never }) });
export const relationsOf = (id: string) => queryOptions({ queryKey: ["incidents", "relations", id], queryFn: () => api("GET /incidents/{id}/relations", { id }) });

/* Pages of the incident itself, then those of its alerts. */
export const pagesOf = (id: string, alerts: string[]) =>
  queryOptions({
    queryKey: ["pages", "of", id, alerts],
    queryFn: async () => {
      const own = await api("GET /pages", { query: { incident_id: id, limit: 50 } as never });
      const theirs = alerts.length ? await api("GET /pages", { query: { alert_id: alerts, limit: 50 } as never }) : undefined;
      const seen = new Set(own.items.map((page) => page.id));
      return [...own.items, ...(theirs?.items ?? []).filter((page) => !seen.has(page.id))];
    },
  });

export const beginOf = (incident: Incident) => Date.parse(incident.impact_started_at ?? incident.detected_at ?? incident.declared_at ?? incident.created_at);
export const CHANGES_BEFORE_MS = 6 * 3_600_000;
const CHANGES_AFTER_MS = 3_600_000;
export function changesNear(incident: Incident) {
  const begin = beginOf(incident);
  const query = { since: new Date(begin - CHANGES_BEFORE_MS).toISOString(), until: new Date(begin + CHANGES_AFTER_MS).toISOString(), limit: 100 };
  return queryOptions({ queryKey: ["changes", "near", query.since], queryFn: () => api("GET /changes", { query: query as never }) });
}

export const incidentQuery = (id: string) => queryOptions({ queryKey: ["incidents", "one", id], queryFn: () => api("GET /incidents/{id}", { id }) });

/* Runs a write, tells what went wrong, and lets everything that may have changed be asked again. */
export async function doing<T>(what: string, run: () => Promise<T>, done?: string): Promise<T | undefined> {
  try {
    const answer = await run();
    if (done) toast(done);
    return answer;
  } catch (error) {
    toastProblem(what, error);
  } finally {
    for (const key of ["incidents", "alerts", "pages", "notifications", "timeline"]) queryClient.invalidateQueries({ queryKey: [key] });
  }
}
