import { infiniteQueryOptions, queryOptions, useMutation } from "@tanstack/react-query";
import type { AlertSearch } from "@/app/router";
import { type Alert, api } from "@/lib/api";
import { later } from "@/lib/outbox";
import { meQuery, queryClient } from "@/lib/query";
import { toast, toastProblem } from "@/ui/toast";
import { many } from "./many";

const PAGE = 100;
export const OPEN = ["triggered", "acknowledged"] as const;
type AlertQuery = NonNullable<Parameters<typeof api<"GET /alerts">>[1]>["query"];

/* The address holds the filter; this is what the server is asked for it. */
export function alertQuery(search: AlertSearch): NonNullable<AlertQuery> {
  const many = (value?: string) => (value ? value.split(",") : undefined) as never;
  return {
    status: search.status === "all" ? undefined : (many(search.status) ?? [...OPEN]),
    priority: many(search.priority),
    service_id: many(search.service),
    integration_id: many(search.integration),
    team_id: many(search.team),
    unrouted: search.unrouted === "true" ? true : undefined,
    filter: search.q,
    sort: (search.sort as never) ?? "-id",
  };
}

export const alertsQuery = (search: AlertSearch) =>
  infiniteQueryOptions({
    queryKey: ["alerts", "list", search],
    queryFn: ({ pageParam, signal }) => api("GET /alerts", { query: { ...alertQuery(search), limit: PAGE, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });

export const alertQueryOf = (id: string) => queryOptions({ queryKey: ["alerts", "one", id], queryFn: () => api("GET /alerts/{id}", { id }) });

export type Verb = "acknowledge" | "unacknowledge" | "resolve" | "reopen" | "dismiss" | "snooze" | "unsnooze" | "escalate";
const DONE: Record<Verb, string> = {
  acknowledge: "Acknowledged",
  unacknowledge: "Handed back: paging starts again",
  resolve: "Resolved",
  reopen: "Opened again",
  dismiss: "Dismissed",
  snooze: "Snoozed",
  unsnooze: "You are told again",
  escalate: "The next level is paged",
};
const WAY_BACK: Partial<Record<Verb, Verb>> = { acknowledge: "unacknowledge", resolve: "reopen", dismiss: "reopen" };
const WILL_BE: Partial<Record<Verb, Alert["status"]>> = {
  acknowledge: "acknowledged",
  unacknowledge: "triggered",
  resolve: "resolved",
  dismiss: "dismissed",
  reopen: "triggered",
};

/* Shown at once in every list; the server's answer follows. */
function patchAll(ids: Set<string>, change: (alert: Alert) => Alert) {
  queryClient.setQueriesData({ queryKey: ["alerts"] }, (old: unknown) => {
    const one = (alert: Alert) => (ids.has(alert.id) ? change(alert) : alert);
    const data = old as { pages?: { items: Alert[] }[]; items?: Alert[]; id?: string } | undefined;
    if (data?.pages) return { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map(one) })) };
    if (Array.isArray(data?.items) && data.items[0]?.id?.startsWith("alr_")) return { ...data, items: data.items.map(one) };
    return data?.id && ids.has(data.id) ? change(data as Alert) : old;
  });
}

/* A list that was scrolled far is not asked for again as a whole: the stream brings what changed. */
const isLong = (data: unknown) => ((data as { pages?: unknown[] } | undefined)?.pages?.length ?? 0) > 2;

export function useVerb() {
  const mutation = useMutation({
    mutationFn: async ({ verb, alerts, body }: { verb: Verb; alerts: Alert[]; body?: object }) => {
      if (alerts.length > 1) return many(verb, alerts.map((alert) => alert.id), body);
      await api(`POST /alerts/{id}/${verb}`, { id: alerts[0]!.id, body } as never);
      return true;
    },
    networkMode: "always",
    onMutate: ({ verb, alerts }) => {
      const status = WILL_BE[verb];
      if (status) patchAll(new Set(alerts.map((a) => a.id)), (alert) => ({ ...alert, status }));
    },
    onSuccess: (done, { verb, alerts }) => {
      if (!done) return; // a job tells when it is
      const back = WAY_BACK[verb];
      const what = alerts.length === 1 ? alerts[0]!.number : `${alerts.length} alerts`;
      toast(`${DONE[verb]}: ${what}`, { undo: back ? () => mutation.mutate({ verb: back, alerts }) : undefined });
    },
    onError: (error, { verb }) => toastProblem(`Not ${DONE[verb].split(":")[0]!.toLowerCase()}`, error),
    onSettled: () => {
      for (const key of ["alerts", "incidents", "pages", "timeline"]) void queryClient.invalidateQueries({ queryKey: [key], predicate: ({ queryKey, state }) => !(queryKey[1] === "list" && isLong(state.data)) });
    },
  });
  return (verb: Verb, alerts: Alert[], body?: object) => {
    if (!alerts.length) return;
    if (navigator.onLine) return mutation.mutate({ verb, alerts, body });
    // A tap in a tunnel is kept, and sent when there is a network again.
    const status = WILL_BE[verb];
    if (status) patchAll(new Set(alerts.map((a) => a.id)), (alert) => ({ ...alert, status }));
    for (const alert of alerts) later(queryClient.getQueryData(meQuery.queryKey)?.id ?? "", `/api/v1/alerts/${alert.id}/${verb}`, body ?? {}, `${DONE[verb]}: ${alert.number}`);
    toast("You are offline", { detail: `“${DONE[verb]}” is sent as soon as there is a network.` });
  };
}

export const canDo = (verb: Verb, alert: Alert) => {
  const open = alert.status === "triggered" || alert.status === "acknowledged";
  switch (verb) {
    case "acknowledge":
      return alert.status === "triggered";
    case "unacknowledge":
      return alert.status === "acknowledged";
    case "reopen":
      return !open;
    default:
      return open;
  }
};
