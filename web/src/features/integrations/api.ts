import { queryOptions } from "@tanstack/react-query";
import { api, type Integration } from "@/lib/api";

export const integrationsQuery = queryOptions({ queryKey: ["integrations", "list"], queryFn: () => api("GET /integrations", { query: { limit: 1000 } }) });
export const integrationQuery = (id: string) => queryOptions({ queryKey: ["integrations", "one", id], queryFn: () => api("GET /integrations/{id}", { id }) });
export const templatesQuery = queryOptions({ queryKey: ["templates"], queryFn: () => api("GET /templates"), staleTime: 60 * 60_000 });

export interface Warning {
  text: string;
  count: number;
  last_at: string;
  request_id: string | null;
}
export const warningsOf = (one: Integration) => (Array.isArray(one.warnings) ? (one.warnings as Warning[]) : []);

/* The guide speaks of URL, KEY and SECRET: the real ones stand there instead. */
export function filled(guide: string, one: Pick<Integration, "url" | "key">) {
  return guide.replace(/\bURL\b/g, one.url ?? "URL").replace(/\bKEY\b/g, one.key ?? "KEY");
}

/* Something to paste that makes an alert at once, whatever the source will be. */
export function curl(one: Pick<Integration, "url" | "template">) {
  const body = one.template === "generic" ? { title: "It works", status: "triggered", dedup_key: "first", priority: "p4" } : undefined;
  return body ? `curl -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(body)}' \\\n  ${one.url}` : undefined;
}
