import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { queryClient } from "@/lib/query";
import { Button } from "@/ui/button";
import { Badge } from "@/ui/marks";
import { Failure, PageHead, Rows, When } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";
import { SecondFactor } from "./second-factor";

/* "Firefox on Linux": enough to recognise one's own. */
export function browser(agent: string) {
  const name = /Edg\//.test(agent) ? "Edge" : /OPR\//.test(agent) ? "Opera" : /Firefox\//.test(agent) ? "Firefox" : /Chrome\//.test(agent) ? "Chrome" : /Safari\//.test(agent) ? "Safari" : "";
  const system = /iPhone|iPad/.test(agent) ? "iOS" : /Android/.test(agent) ? "Android" : /Windows/.test(agent) ? "Windows" : /Mac OS/.test(agent) ? "macOS" : /Linux/.test(agent) ? "Linux" : "";
  return [name, system].filter(Boolean).join(" on ") || agent.slice(0, 60) || "An unknown browser";
}

export default function Sessions() {
  useTitle("Sessions");
  const query = useQuery({ queryKey: ["sessions"], queryFn: () => api("GET /me/sessions") });
  const end = async (id?: string) => {
    try {
      await (id ? api("DELETE /me/sessions/{id}", { id }) : api("DELETE /me/sessions"));
      toast("Signed out there");
    } catch (error) {
      toastProblem("The session goes on", error);
    }
    queryClient.invalidateQueries({ queryKey: ["sessions"] });
  };
  const items = query.data?.items ?? [];
  return (
    <div className="mx-auto max-w-3xl">
      <PageHead
        title="Sign-in and sessions"
        sub={
          <Link to="/settings" className="hover:underline">
            Settings
          </Link>
        }
      >
        {items.length > 1 && <Button onClick={() => end()}>Sign out everywhere else</Button>}
      </PageHead>
      <div className="rounded-lg border border-line bg-surface">
        {query.isPending ? (
          <Rows count={2} />
        ) : query.isError ? (
          <Failure error={query.error} retry={() => query.refetch()} />
        ) : (
          <ul className="divide-y divide-line">
            {items.map((one) => (
              <li key={one.id} className="flex flex-wrap items-center gap-3 px-4 py-3">
                <span className="min-w-40 flex-1">
                  <span className="font-medium">{browser(one.agent)}</span> <span className="text-quiet">from {one.address}</span>
                </span>
                <When at={one.created_at} className="text-quiet" />
                {one.current ? <Badge tone="green">This one</Badge> : <Button small onClick={() => end(one.id)}>Sign out</Button>}
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className="mt-4">
        <SecondFactor />
      </div>
    </div>
  );
}
