import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, type ContactMethod, type NotificationRule } from "@/lib/api";
import { queryClient, useMe } from "@/lib/query";
import { toast, toastProblem } from "@/ui/toast";

export const methodsQuery = (user: string | undefined) =>
  queryOptions({ queryKey: ["contact-methods", user], queryFn: () => api("GET /contact-methods", { query: { user_id: user!, limit: 100 } }), enabled: !!user });
export const notifyRulesQuery = (user: string | undefined) =>
  queryOptions({ queryKey: ["notification-rules", user], queryFn: () => api("GET /notification-rules", { query: { user_id: user! } }), enabled: !!user });

export const channelsQuery = queryOptions({ queryKey: ["channels"], queryFn: () => api("GET /channels"), staleTime: Number.POSITIVE_INFINITY });
type Channels = Awaited<ReturnType<typeof api<"GET /channels">>>["items"];

/* Why this server can send nothing of the kind; undefined: it can, or that is not known yet. */
export function mute(kind: string, channels: Channels | undefined): string | undefined {
  const why = channels?.find((channel) => channel.kind === kind)?.why_not;
  return why === "no_smtp" ? "no mail relay: an admin starts Tocsin with --smtp-url" : why ? "an admin connects an account first" : undefined;
}

export const works = (method?: ContactMethod, channels?: Channels) => !!method?.verified && !method.broken && !mute(method.kind, channels);

/* Why an urgent page would not reach them; undefined: it would, or that is not known yet. */
export function unreached(methods?: ContactMethod[], rules?: NotificationRule[], channels?: Channels): string | undefined {
  if (!methods || !rules || !channels) return undefined;
  if (!methods.length) return "You have no contact method.";
  if (!methods.some((method) => works(method))) return "None of your contact methods is verified.";
  if (!methods.some((method) => works(method, channels))) return `Nothing can be sent to what is verified: ${mute(methods.find((method) => works(method))!.kind, channels)}.`;
  const used = rules.find((rule) => rule.urgency === "high")?.steps?.flatMap((step) => step.contact_method_ids) ?? [];
  if (!used.length) return "No step says how you are told when it is urgent.";
  return methods.some((method) => used.includes(method.id) && works(method, channels)) ? undefined : "The steps for urgent pages use only contact methods that do not work.";
}

export function useUnreached() {
  const me = useMe();
  return unreached(useQuery(methodsQuery(me?.id)).data?.items, useQuery(notifyRulesQuery(me?.id)).data?.items, useQuery(channelsQuery).data?.items);
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
