import { queryOptions } from "@tanstack/react-query";
import { api, type CoverRequest } from "@/lib/api";
import { queryClient } from "@/lib/query";
import { toast, toastProblem } from "@/ui/toast";

const DAYS = 60;

/* The shifts of a person to come, of all schedules, as they would be paged. */
export const shiftsQuery = (user: string | undefined) =>
  queryOptions({
    queryKey: ["on-call", "shifts-of", user],
    queryFn: async () => {
      const from = Date.now();
      const { items } = await api("GET /on-call", { query: { from: new Date(from).toISOString(), to: new Date(from + DAYS * 86_400_000).toISOString(), user_id: user! } });
      return items
        .flatMap((item) => (item.shifts ?? []).filter((shift) => item.schedule_id && shift.users.some((one) => one.id === user)).map((shift) => ({ scheduleId: item.schedule_id!, schedule: item.schedule ?? "", starts_at: shift.starts_at, ends_at: shift.ends_at, why: shift.why })))
        .sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
    },
    enabled: !!user,
  });

export const coversQuery = queryOptions({ queryKey: ["cover-requests", "list"], queryFn: () => api("GET /cover-requests", { query: { limit: 200 } }) });

/* Who may do what is decided by the server; shown is what makes sense for this person. */
export const mine = (one: CoverRequest, me?: string) => one.user_id === me;
export const mayTake = (one: CoverRequest, me?: string) => one.status === "open" && !!me && !mine(one, me) && (!one.asked_user_id || one.asked_user_id === me);
export const leads = (me?: { role: string }) => me?.role === "owner" || me?.role === "admin";
/* What is over stays as it was. */
export const mayUndo = (one: CoverRequest, now: number, me?: { id: string; role: string }) => one.status === "taken" && Date.parse(one.ends_at) > now && !!me && (mine(one, me.id) || one.taken_by?.id === me.id || leads(me));

const DONE = { take: "The shift is yours", cancel: "The request is gone", undo: "It is open again" } as const;
export async function coverVerb(one: CoverRequest, verb: keyof typeof DONE, said: string = DONE[verb]) {
  try {
    if (verb === "take") await api("POST /cover-requests/{id}/take", { id: one.id, body: {} });
    else if (verb === "cancel") await api("POST /cover-requests/{id}/cancel", { id: one.id });
    else await api("POST /cover-requests/{id}/undo", { id: one.id });
    toast(said, verb === "take" ? { undo: () => void coverVerb(one, "undo") } : {});
  } catch (error) {
    toastProblem("That was not changed", error);
  }
  for (const key of ["cover-requests", "on-call", "schedules"]) void queryClient.invalidateQueries({ queryKey: [key] });
}
