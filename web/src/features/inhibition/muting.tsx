/* Who mutes whom now: each loud alert with what it keeps quiet below it, and by which rule. What several mute stands below each. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { BellOff, BellRing } from "lucide-react";
import { api, type GetQuietInhibitionAnswer } from "@/lib/api";
import { Priority, Status } from "@/ui/marks";
import { Card, Empty, Failure, Rows } from "@/ui/parts";

type Node = GetQuietInhibitionAnswer["alerts"][number];
type Edge = GetQuietInhibitionAnswer["edges"][number];
export interface Tree {
  node: Node;
  rule?: Edge;
  below: Tree[];
}

/* From what is muted by nobody downwards; a circle is cut where it closes. */
export function trees({ alerts, edges }: Pick<GetQuietInhibitionAnswer, "alerts" | "edges">): Tree[] {
  const nodes = new Map(alerts.map((one) => [one.id, one]));
  const grow = (id: string, above: string[], rule?: Edge): Tree => ({
    node: nodes.get(id)!,
    rule,
    below: edges.filter((edge) => edge.source_id === id && nodes.has(edge.target_id) && !above.includes(edge.target_id) && edge.target_id !== id).map((edge) => grow(edge.target_id, [...above, id], edge)),
  });
  const targets = new Set(edges.map((edge) => edge.target_id));
  const roots = alerts.filter((one) => edges.some((edge) => edge.source_id === one.id) && !(one.muted && targets.has(one.id)));
  return roots.map((one) => grow(one.id, []));
}

export function Muting() {
  const query = useQuery({ queryKey: ["quiet", "inhibition"], queryFn: () => api("GET /quiet/inhibition") });
  const made = query.data ? trees(query.data) : [];
  return (
    <Card title="Who mutes whom now" flush className="mb-4">
      {query.isPending ? (
        <Rows count={3} />
      ) : query.isError && !query.data ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : made.length === 0 ? (
        <Empty icon={<BellRing className="size-6" aria-hidden />} title="No alert mutes another" />
      ) : (
        <ul className="divide-y divide-line">
          {made.map((tree) => (
            <Branch key={tree.node.id} tree={tree} top />
          ))}
        </ul>
      )}
      {query.data?.more && <p className="px-4 py-2 text-quiet">There are more; the first 2,000 are drawn.</p>}
    </Card>
  );
}

function Branch({ tree, top }: { tree: Tree; top?: boolean }) {
  const { node, rule, below } = tree;
  return (
    <li className={top ? "px-4 py-3" : "relative pt-2 pl-6 before:absolute before:top-0 before:left-1.5 before:h-full before:w-px before:bg-edge last:before:h-5 after:absolute after:top-5 after:left-1.5 after:h-px after:w-3.5 after:bg-edge"}>
      <div className="flex min-w-0 flex-wrap items-center gap-x-2.5 gap-y-1">
        {node.muted ? <BellOff className="size-4 shrink-0 text-quiet" aria-label="muted" /> : <BellRing className="size-4 shrink-0 text-accent-ink" aria-label="loud" />}
        <Priority of={node.priority} />
        <Status of={node.status} />
        <Link to="/alerts/$id" params={{ id: node.number }} search={{}} className="flex min-w-0 items-center gap-2 font-medium hover:underline">
          <span className="shrink-0 font-normal text-quiet tabular-nums">{node.number}</span>
          <span className="foreign truncate">{node.title}</span>
        </Link>
        {rule && (
          <Link to="/quiet/inhibition" search={{ edit: rule.rule_id }} className="text-quiet hover:underline">
            by {rule.rule_name}
          </Link>
        )}
        {top && <span className="text-quiet">mutes {below.length === 1 ? "one" : below.length}</span>}
      </div>
      {below.length > 0 && (
        <ul>
          {below.map((one) => (
            <Branch key={`${one.node.id}-${one.rule?.rule_id}`} tree={one} />
          ))}
        </ul>
      )}
    </li>
  );
}
