/* Silences: what they say in words, how long they still hold, and the draft of the form. */
import { queryOptions } from "@tanstack/react-query";
import { api, type Silence } from "@/lib/api";

/* A silence that ends within so many minutes is said to end soon. Rounded: the page's clock ticks each 15 s. */
const SOON_MIN = 30;
export const endsSoon = (silence: Pick<Silence, "state" | "ends_at">, now: number) => silence.state === "active" && !!silence.ends_at && Math.round((Date.parse(silence.ends_at) - now) / 60_000) <= SOON_MIN;

export const silencesQuery = (state: string) =>
  queryOptions({
    queryKey: ["silences", "list", state],
    // Few are in force, many are over: of those the newest.
    queryFn: () => api("GET /silences", { query: { state: (state === "ended" ? "ended" : ["active", "pending"]) as never, limit: state === "ended" ? 100 : 1000, sort: "-id" as never } }),
  });
export const silenceQuery = (id: string) => queryOptions({ queryKey: ["silences", "one", id], queryFn: () => api("GET /silences/{id}", { id }) });

export const END_REASONS: Record<string, string> = { time: "its time was over", "by hand": "by hand", resolved: "all of it was resolved", idle: "nothing matched it for an hour" };
