/* What the stream says of alerts, put into the lists that are shown: a changed alert is fetched alone and takes its place;
 * a list of fifty pages is not asked for again because one of its rows was acknowledged. */
import type { InfiniteData, QueryKey } from "@tanstack/react-query";
import type { AlertSearch } from "@/app/router";
import { type Alert, api } from "@/lib/api";
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

const BUNCH = 100; // as many ids as an address holds well
const STORM = 300; // more than this are not fetched by their ids

async function fetchAll(ids: string[]) {
  const bunches = Array.from({ length: Math.ceil(ids.length / BUNCH) }, (_, n) => ids.slice(n * BUNCH, (n + 1) * BUNCH));
  const answers = await Promise.all(bunches.map((some) => api("GET /alerts", { query: { filter: `id in ${JSON.stringify(some)}`, limit: BUNCH } })));
  const fresh = answers.flatMap((answer) => answer.items);
  const found = new Set(fresh.map((alert) => alert.id));
  return { fresh, gone: ids.filter((id) => !found.has(id)) };
}

/* In a storm: what stands in the lists, and the first page for what is new; too much of it is for the server to tell anew. */
export function loadedOf(lists: (List | undefined)[], ids: string[]) {
  const changed = new Set(ids);
  const loaded = new Set<string>();
  for (const list of lists) for (const page of list?.pages ?? []) for (const alert of page.items) if (changed.has(alert.id)) loaded.add(alert.id);
  return [...loaded];
}

/* A page that is just being fetched would put the list back to what it was when it was asked for. */
async function atRest(key: QueryKey) {
  const query = queryClient.getQueryCache().find({ queryKey: key });
  while (query && query.state.fetchStatus === "fetching") await query.fetch().catch(() => undefined);
}

async function changed(ids: string[]) {
  const lists = queryClient.getQueriesData<List>({ queryKey: ["alerts", "list"], type: "active" });
  void queryClient.invalidateQueries({ queryKey: ["alerts", "list"], refetchType: "none" }); // those that nobody looks at
  if (!lists.length) return;
  await Promise.all(lists.map(([key]) => atRest(key)));
  const storm = ids.length > STORM;
  const wanted = storm ? loadedOf(lists.map(([key]) => queryClient.getQueryData<List>(key)), ids) : ids;
  const news = wanted.length <= STORM ? await fetchAll(wanted) : undefined;
  for (const [key] of lists) {
    const search = key[2] as AlertSearch;
    if (!news || search.q || (search.sort && search.sort !== "-id")) {
      void queryClient.invalidateQueries({ queryKey: key });
      continue;
    }
    const top = storm ? (await api("GET /alerts", { query: { ...alertQuery(search), limit: 100 } })).items : [];
    await atRest(key);
    queryClient.setQueryData<List>(key, (list) => list && merge(list, search, [...news.fresh, ...top], news.gone));
  }
}

onChanged("alert", changed);
