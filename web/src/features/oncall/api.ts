import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, type ContactMethod, type NotificationRule } from "@/lib/api";
import { queryClient, useMe } from "@/lib/query";
import { toast, toastProblem } from "@/ui/toast";

export const methodsQuery = (user: string | undefined) =>
  queryOptions({ queryKey: ["contact-methods", user], queryFn: () => api("GET /contact-methods", { query: { user_id: user!, limit: 100 } }), enabled: !!user });
export const notifyRulesQuery = (user: string | undefined) =>
  queryOptions({ queryKey: ["notification-rules", user], queryFn: () => api("GET /notification-rules", { query: { user_id: user! } }), enabled: !!user });

export const works = (method?: ContactMethod) => !!method?.verified && !method.broken;

/* Why an urgent page would not reach them; undefined: it would, or that is not known yet. */
export function unreached(methods?: ContactMethod[], rules?: NotificationRule[]): string | undefined {
  if (!methods || !rules) return undefined;
  if (!methods.length) return "You have no contact method.";
  if (!methods.some(works)) return "None of your contact methods is verified.";
  const used = rules.find((rule) => rule.urgency === "high")?.steps?.flatMap((step) => step.contact_method_ids) ?? [];
  if (!used.length) return "No step says how you are told when it is urgent.";
  return methods.some((method) => used.includes(method.id) && works(method)) ? undefined : "The steps for urgent pages use only contact methods that do not work.";
}

export function useUnreached() {
  const me = useMe();
  return unreached(useQuery(methodsQuery(me?.id)).data?.items, useQuery(notifyRulesQuery(me?.id)).data?.items);
}

/* A write about my methods: what went wrong is told, and everything is asked again. */
export async function doing<T>(what: string, run: () => Promise<T>, done?: string): Promise<T | undefined> {
  try {
    const answer = await run();
    if (done) toast(done);
    return answer;
  } catch (error) {
    toastProblem(what, error);
  } finally {
    for (const key of ["contact-methods", "notification-rules"]) void queryClient.invalidateQueries({ queryKey: [key] });
  }
}

export const reasonWords = (error: string) =>
  error === "no_smtp" ? "no mail relay is configured (--smtp-url)" : error === "no_provider" ? "this Tocsin has no way to send it" : error;
