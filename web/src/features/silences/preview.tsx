/* What a silence would hide: now, and in the last 7 days. Asked again while one types; nothing is changed. */
import { useQuery } from "@tanstack/react-query";
import { BellOff, TriangleAlert } from "lucide-react";
import { api, isProblem } from "@/lib/api";
import { useSettled } from "@/lib/hooks";
import { Priority, Status } from "@/ui/marks";
import { Skeleton } from "@/ui/parts";

export type What = { matchers?: unknown; when?: string; integration_id?: string };

export function usePreview(what: What | undefined) {
  const asked = useSettled(what ?? null);
  return useQuery({
    queryKey: ["silences", "preview", asked],
    queryFn: ({ signal }) => api("POST /silences/preview", { body: asked as never, signal }),
    enabled: !!asked,
    placeholderData: (old) => old,
    retry: false,
  });
}

export function Preview({ of, query }: { of: What | undefined; query: ReturnType<typeof usePreview> }) {
  const problem = isProblem(query.error) ? query.error : undefined;
  const answer = query.data;
  return (
    <section aria-label="What it hides" aria-live="polite" aria-busy={query.isFetching} className="flex min-h-28 flex-col gap-2 rounded-md border border-line bg-ground p-3">
      <h3 className="flex items-center gap-2 font-semibold">
        <BellOff className="size-4" aria-hidden /> What it hides
      </h3>
      {!of ? (
        <p className="text-quiet">Say what is to be silent; here stands what that would hide.</p>
      ) : problem ? (
        <p className="foreign text-red">{problem.errors.length ? problem.errors.map((e) => e.message).join(" ") : problem.message}</p>
      ) : !answer ? (
        <Skeleton className="h-12" />
      ) : (
        <>
          <p>
            <strong className="tabular-nums">{answer.now.count.toLocaleString()}</strong> open {answer.now.count === 1 ? "alert" : "alerts"} now. In the last 7 days{" "}
            <strong className="tabular-nums">{answer.last_7_days.count.toLocaleString()}</strong>, of which {answer.last_7_days.paged === 0 ? "none" : <strong className="tabular-nums">{answer.last_7_days.paged.toLocaleString()}</strong>} paged somebody.
            {!answer.complete && <span className="text-quiet"> Of the newest 50,000 alerts.</span>}
          </p>
          {answer.now.count === 0 && answer.last_7_days.count === 0 && (
            <p className="flex items-center gap-1.5 text-amber">
              <TriangleAlert className="size-4 shrink-0" aria-hidden /> Nothing of the last 7 days fits. Is a name or a value mistyped?
            </p>
          )}
          {answer.now.items.length > 0 && (
            <ul className="flex max-h-40 flex-col gap-1 overflow-y-auto" tabIndex={0} aria-label="Open alerts that it hides">
              {answer.now.items.map((item) => (
                <li key={item.id} className="flex min-w-0 items-center gap-2">
                  <Priority of={item.priority} />
                  <Status of={item.status} />
                  <span className="shrink-0 text-quiet tabular-nums">{item.number}</span>
                  <span className="foreign min-w-0 truncate">{item.title}</span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  );
}
