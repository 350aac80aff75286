/* What seems to belong together: asked when somebody looks; people say yes or no, nothing acts by itself. */
import { queryOptions } from "@tanstack/react-query";
import { api, type GetSuggestionsAnswer } from "@/lib/api";
import { queryClient } from "@/lib/query";
import { toast, toastProblem } from "@/ui/toast";

export type Suggestion = GetSuggestionsAnswer["items"][number];

export const suggestionsQuery = queryOptions({ queryKey: ["suggestions", "all"], queryFn: () => api("GET /suggestions") });
export const suggestionsOf = (id: string) => queryOptions({ queryKey: ["suggestions", "of", id], queryFn: () => api("GET /alerts/{id}/suggestions", { id }) });

export async function answer(verb: "correlate" | "uncorrelate", id: string, other: string, undo?: boolean): Promise<void> {
  try {
    await (verb === "correlate" ? api("POST /alerts/{id}/correlate", { id, body: { other_id: other } }) : api("POST /alerts/{id}/uncorrelate", { id, body: { other_id: other } }));
    const back = verb === "correlate" ? "uncorrelate" : "correlate";
    toast(verb === "correlate" ? "They belong together: said in both timelines" : "They do not: it is not suggested again", { undo: undo ? undefined : () => void answer(back, id, other, true) });
  } catch (error) {
    toastProblem("That was not kept", error);
  }
  for (const key of ["suggestions", "timeline", "alerts"]) void queryClient.invalidateQueries({ queryKey: [key] });
}

/* A rule that makes one incident of such two: made switched off, so that it is looked at first. */
export async function draftRule(id: string, other: string): Promise<string | undefined> {
  try {
    const draft = await api("POST /alerts/{id}/suggest-rule", { id, body: { other_id: other } });
    const rule = await api("POST /alert-rules", { body: { ...draft, enabled: false } as never });
    toast("A rule is drafted", { detail: "It is switched off: look at it, try it, and switch it on." });
    void queryClient.invalidateQueries({ queryKey: ["alert-rules"] });
    return rule.id;
  } catch (error) {
    toastProblem("No rule was drafted", error);
  }
}
