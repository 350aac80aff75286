import { queryOptions } from "@tanstack/react-query";
import { api } from "@/lib/api";
import { queryClient } from "@/lib/query";
import { toast, toastProblem } from "@/ui/toast";

export const ACTIVE = ["new", "investigating", "fixing", "monitoring"] as const;

export const incidentsQuery = (closed: boolean) =>
  queryOptions({
    queryKey: ["incidents", "list", closed],
    queryFn: () => api("GET /incidents", { query: { limit: 200, status: closed ? ["closed"] : [...ACTIVE] } }),
  });
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
    for (const key of ["incidents", "alerts", "pages", "timeline"]) queryClient.invalidateQueries({ queryKey: [key] });
  }
}
