/* The query cache, and the questions that many screens ask. Keys begin with the plural of the resource, so that an event
 * of the stream finds everything that may have changed. */
import { QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import { api, isProblem } from "./api";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: false, // the stream tells what changed
      retry: (count, error) => (isProblem(error) && error.status > 0 && error.status < 500 && error.status !== 429 ? false : count < 2),
      retryDelay: (count) => Math.min(1000 * 2 ** count, 8000),
    },
  },
});

export const meQuery = queryOptions({ queryKey: ["users", "me"], queryFn: () => api("GET /me") as Promise<unknown> as Promise<Me>, staleTime: 5 * 60_000 });
export const organizationQuery = queryOptions({
  queryKey: ["organizations", "mine"],
  queryFn: () => api("GET /organization"),
  staleTime: 5 * 60_000,
});
export const permissionsQuery = queryOptions({
  queryKey: ["roles", "permissions"],
  queryFn: async () => new Map((await api("GET /permissions")).items.map((p) => [`${p.resource}:${p.verb}`, p.mine])),
  staleTime: 5 * 60_000,
});

export interface Me {
  id: string;
  name: string;
  email: string;
  role: string;
  time_zone: string | null;
}

export const useMe = () => useQuery(meQuery).data;

/* May I? Unknown yet: yes, the server decides in the end. */
export function useCan(resource: string, verb: string) {
  const mine = useQuery(permissionsQuery).data;
  return !mine || (mine.get(`${resource}:${verb}`) ?? "none") !== "none";
}

/* Names ----------------------------------------------------------------------------------------------------------- */

type NamedKind = "services" | "teams" | "users" | "integrations" | "escalation-policies" | "schedules" | "holiday-calendars";
export interface Named {
  id: string;
  name: string;
}

export const namesQuery = (kind: NamedKind) =>
  queryOptions({
    queryKey: [kind, "names"],
    queryFn: async () => {
      const { items } = await api(`GET /${kind}`, { query: { limit: 1000 } } as never);
      return (items as Named[]).map(({ id, name }) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name));
    },
    staleTime: 60_000,
  });

export function useNames(kind: NamedKind) {
  const list = useQuery(namesQuery(kind)).data;
  return (id: string | null | undefined) => (id ? list?.find((one) => one.id === id)?.name : undefined);
}
