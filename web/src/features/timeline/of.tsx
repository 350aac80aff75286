/* The timeline of an alert or an incident: the newest first, earlier ones on wish, all of it in an export. */
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { api, type TimelineEntry } from "@/lib/api";
import { localZone } from "@/lib/time";
import { Button } from "@/ui/button";
import { Failure } from "@/ui/parts";
import { toastProblem } from "@/ui/toast";
import { download, type Format } from "./export";
import { Timeline } from "./timeline";

export interface Subject {
  id: string;
  number: string;
  title: string;
}

const PAGE = 200;
const EXPORT_PAGE = 1000;
const read = (id: string, cursor: string, limit: number) => {
  const query = { limit, sort: "-id", cursor: cursor || undefined } as never;
  return id.startsWith("inc_") ? api("GET /incidents/{id}/timeline", { id, query }) : api("GET /alerts/{id}/timeline", { id, query });
};

export const timelineQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["timeline", id],
    queryFn: ({ pageParam }) => read(id, pageParam, PAGE),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });

/* Every entry, not only those that are shown. */
export async function exportTimeline(format: Format, subject: Subject) {
  const all: TimelineEntry[] = [];
  try {
    for (let cursor = ""; ; ) {
      const page = await read(subject.id, cursor, EXPORT_PAGE);
      all.push(...page.items);
      if (!page.next_cursor) break;
      cursor = page.next_cursor;
    }
  } catch (error) {
    toastProblem("The timeline was not exported", error);
    return;
  }
  download(format, `${subject.number}-timeline`, `${subject.number} ${subject.title}`, all, localZone());
}

export function TimelineOf({ subject }: { subject: Subject }) {
  const query = useInfiniteQuery(timelineQuery(subject.id));
  if (query.isError && !query.data) return <Failure error={query.error} retry={() => query.refetch()} />;
  return (
    <>
      <Timeline subject={subject} entries={query.data?.pages.flatMap((page) => page.items)} pending={query.isPending} onExport={(format) => void exportTimeline(format, subject)} />
      {query.hasNextPage && (
        <Button className="self-center" busy={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
          Earlier entries
        </Button>
      )}
    </>
  );
}
