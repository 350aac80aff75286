import { queryOptions } from "@tanstack/react-query";
import { api, type GetQuietAnswer } from "@/lib/api";

export type Held = GetQuietAnswer["items"][number];
export type Hold = Held["holds"][number];

/* In the order of the server; the words are those of docs/quiet.md. */
export const REASONS: { reason: string; title: string; doc: string }[] = [
  { reason: "silence", title: "Silenced", doc: "by a silence, until it ends" },
  { reason: "maintenance", title: "In maintenance", doc: "worked on, until the window ends" },
  { reason: "inhibition", title: "Muted by another alert", doc: "until that one is over" },
  { reason: "flapping", title: "Flapping", doc: "going on and off, until it is steady" },
  { reason: "suppressed", title: "Suppressed by a rule", doc: "until it no longer matches" },
  { reason: "snooze", title: "Snoozed", doc: "until its time" },
  { reason: "own_snooze", title: "Snoozed for oneself", doc: "one person is not told; the others are" },
  { reason: "pause", title: "Waiting", doc: "a rule lets its page wait" },
  { reason: "quiet", title: "Source in quiet mode", doc: "recorded, never paged" },
];
export const reasonTitle = (reason: string) => REASONS.find((one) => one.reason === reason)?.title ?? reason;

export const QUIET_MOST = 1000;
export const quietQuery = (reason?: string) =>
  queryOptions({
    queryKey: ["quiet", "list", reason ?? ""],
    queryFn: () => api("GET /quiet", { query: { limit: QUIET_MOST, reason: reason as never } }),
    refetchInterval: 60_000, // a pause begins and ends by the clock alone
  });

/* By which reason it stands in the list: the first of its own, in the order of the list. */
export function groups(items: Held[], only?: string) {
  const order = REASONS.map((one) => one.reason);
  const first = (item: Held) => only ?? order.find((reason) => item.holds.some((hold) => hold.reason === reason)) ?? item.holds[0]?.reason ?? "quiet";
  const made = new Map<string, Held[]>();
  for (const item of items) made.set(first(item), [...(made.get(first(item)) ?? []), item]);
  return [...made].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
}

/* How many open alerts each silence, window or rule holds. */
export function heldBy(items: Held[] | undefined) {
  const counts = new Map<string, number>();
  for (const item of items ?? []) for (const id of new Set(item.holds.map((hold) => hold.id))) if (id) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
