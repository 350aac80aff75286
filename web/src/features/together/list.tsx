/* Open alerts that seem to belong together, best first, and how often people agree. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Link2 } from "lucide-react";
import { useTitle } from "@/lib/hooks";
import { Empty, Failure, PageHead, Rows } from "@/ui/parts";
import { suggestionsQuery } from "./api";
import { SuggestionView } from "./parts";

export default function Suggestions() {
  useTitle("What belongs together");
  const query = useQuery(suggestionsQuery);
  const items = query.data?.items ?? [];
  const said = query.data?.last_90_days;
  return (
    <div className="mx-auto max-w-5xl">
      <PageHead
        title="What belongs together"
        sub={
          <>
            <Link to="/alerts" search={{}} className="hover:underline">
              Alerts
            </Link>{" "}
            · Compared by text, time and services. Nothing acts by itself: what you say is kept in both timelines.
          </>
        }
      >
        {said && said.rate !== null && said.rate !== undefined && (
          <p className="text-quiet tabular-nums" title={`${said.accepted} of ${said.accepted + said.rejected} in 90 days`}>
            {said.rate}% of {said.accepted + said.rejected} were right
          </p>
        )}
      </PageHead>
      <div className="overflow-hidden rounded-lg border border-line bg-surface">
        {query.isPending ? (
          <Rows count={4} />
        ) : query.isError && !query.data ? (
          <Failure error={query.error} retry={() => query.refetch()} />
        ) : items.length === 0 ? (
          <Empty icon={<Link2 className="size-6" aria-hidden />} title="Nothing seems to belong together">
            Open alerts that began within a quarter of an hour of each other are compared. What you have answered is not asked again.
          </Empty>
        ) : (
          <ul className="divide-y divide-line">
            {items.map((one) => (
              <li key={`${one.alert_id}-${one.other_id}`} className="px-4 py-3">
                <SuggestionView of={one} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
