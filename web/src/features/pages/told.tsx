/* Who was told of a page, by what, and what became of it. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api";
import { fullTime, hourMinute } from "@/lib/time";
import { Badge, words } from "@/ui/marks";
import { Failure } from "@/ui/parts";

export const toldQuery = (page: string) =>
  queryOptions({ queryKey: ["notifications", "of", page], queryFn: () => api("GET /pages/{id}/notifications", { id: page, query: { limit: 200 } as never }) });

const TONES: Record<string, "red" | "green"> = { failed: "red", delivered: "green", sent: "green" };
export const troubleWords = (error: string) => (error === "no_smtp" ? "no mail relay is configured (--smtp-url)" : error.replaceAll("_", " "));

export function Told({ page }: { page: string }) {
  const query = useQuery(toldQuery(page));
  if (query.isError && !query.data) return <Failure error={query.error} retry={() => query.refetch()} />;
  return (
    <ul className="flex flex-col gap-1">
      {query.data?.items.map((one) => {
        const at = one.sent_at ?? one.failed_at ?? one.queued_at;
        return (
          <li key={one.id} className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
            {at && (
              <time dateTime={at} title={`${fullTime(at)}\n${fullTime(at, "UTC")}`} className="text-quiet tabular-nums">
                {hourMinute(at)}
              </time>
            )}
            <span className="font-medium">{one.user_name}</span>
            <span className="foreign text-quiet">
              {words(one.kind)} {one.address}
            </span>
            <Badge tone={TONES[one.status ?? ""] ?? "grey"}>{words(one.status)}</Badge>
            {one.error && <span className="foreign text-red">{troubleWords(one.error)}</span>}
          </li>
        );
      })}
    </ul>
  );
}
