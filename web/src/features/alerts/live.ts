/* What the stream says of alerts, put into the lists that are shown: a changed alert is fetched alone and takes its place;
 * a list of fifty pages is not asked for again because one of its rows was acknowledged. */
import type { InfiniteData } from "@tanstack/react-query";
import type { AlertSearch } from "@/app/router";
import { type Alert, api, isProblem } from "@/lib/api";
import { queryClient } from "@/lib/query";
import { onChanged } from "@/lib/stream";
import { alertQuery, OPEN } from "./api";

interface Page {
  items: Alert[];
  next_cursor: string | null;
}
type List = InfiniteData<Page, string | undefined>;

const many = (value?: string) => value?.split(",");
const has = (list: string[] | undefined, value: string | null | undefined) => !list || list.includes(value ?? "null");

/* Would the list show it? undefined: only the server can say (CEL). */
export function fits(search: AlertSearch, alert: Alert): boolean | undefined {
  const statuses = search.status === "all" ? undefined : (many(search.status) ?? [...OPEN]);
  const plain =
    has(statuses, alert.status) &&
    has(many(search.priority), alert.priority) &&
    has(many(search.service), alert.service_id) &&
    has(many(search.integration), alert.integration_id) &&
    has(many(search.team), alert.team_id) &&
    (search.unrouted !== "true" || !!alert.unrouted);
  return plain && search.q ? undefined : plain;
}

/* Changed alerts in their places: those that fit no more go, those that are new and belong on top come. */
export function merge(list: List, search: AlertSearch, fresh: Alert[], gone: string[] = []): List {
  const byId = new Map(fresh.map((alert) => [alert.id, alert]));
  const away = new Set(gone);
  const seen = new Set<string>();
  const pages = list.pages.map((page) => ({
    ...page,
    items: page.items.flatMap((old) => {
      seen.add(old.id);
      if (away.has(old.id)) return [];
      const now = byId.get(old.id);
      return !now ? [old] : fits(search, now) === false ? [] : [now];
    }),
  }));
  const top = (search.sort ?? "-id") === "-id" ? fresh.filter((alert) => !seen.has(alert.id) && fits(search, alert) && alert.id > (list.pages[0]?.items[0]?.id ?? "")) : [];
  if (top.length && pages[0]) pages[0] = { ...pages[0], items: [...top.sort((a, b) => (a.id < b.id ? 1 : -1)), ...pages[0].items] };
  return { ...list, pages };
}

const ONE_BY_ONE = 20;

async function fetchAll(ids: string[]) {
  const answers = await Promise.allSettled(ids.map((id) => api("GET /alerts/{id}", { id })));
  const fresh = answers.flatMap((a) => (a.status === "fulfilled" ? [a.value] : []));
  const gone = ids.filter((_, i) => isProblem((answers[i] as PromiseRejectedResult).reason) && ((answers[i] as PromiseRejectedResult).reason as { status: number }).status === 404);
  return { fresh, gone };
}

async function changed(ids: string[]) {
  const lists = queryClient.getQueriesData<List>({ queryKey: ["alerts", "list"], type: "active" });
  void queryClient.invalidateQueries({ queryKey: ["alerts", "list"], refetchType: "none" }); // those that nobody looks at
  if (!lists.length) return;
  const few = ids.length <= ONE_BY_ONE ? await fetchAll(ids) : undefined;
  for (const [key] of lists) {
    const search = key[2] as AlertSearch;
    // A storm: the first page says enough at once; what lies below is asked for when it is scrolled to.
    const news = few ?? { fresh: (await api("GET /alerts", { query: { ...alertQuery(search), limit: 100 } })).items, gone: [] };
    if (search.q || (search.sort && search.sort !== "-id")) void queryClient.invalidateQueries({ queryKey: key });
    else queryClient.setQueryData<List>(key, (list) => list && merge(list, search, news.fresh, news.gone));
  }
}

onChanged("alert", changed);
