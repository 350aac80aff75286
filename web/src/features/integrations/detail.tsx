/* One source: its address and guide, a live wait for the first event, and the log of what it sent. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Braces, Check, Pencil, Radio, RotateCw, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { api, type Integration, type Request } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { queryClient, useCan } from "@/lib/query";
import { Button } from "@/ui/button";
import { Badge, words } from "@/ui/marks";
import { Dialog } from "@/ui/overlay";
import { Card, Code, Copyable, Empty, Fact, Facts, Failure, PageHead, Rows, When } from "@/ui/parts";
import { Markdown } from "@/ui/markdown";
import { toast, toastProblem } from "@/ui/toast";
import { GeneratedForm } from "../settings/generated-form";
import { curl, filled, integrationQuery, templatesQuery, warningsOf } from "./api";
import { Lettermark } from "./lettermark";

export default function IntegrationPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  // What is not understood makes no alert, and so no event: while one waits for the first, one asks.
  const query = useQuery({ ...integrationQuery(id), refetchInterval: (q) => (q.state.data && !q.state.data.last_request_at ? 2000 : false) });
  useTitle(query.data?.name ?? "Integration");
  if (query.isPending) return <Rows count={8} />;
  if (!query.data) return <Failure error={query.error} retry={() => query.refetch()} />;
  return <Page one={query.data} />;
}

function Page({ one }: { one: Integration }) {
  const navigate = useNavigate();
  const template = useQuery(templatesQuery).data?.items.find((t) => t.name === one.template);
  const may = useCan("integrations", "update");
  const [editing, setEditing] = useState(false);
  const remove = async () => {
    try {
      await api("DELETE /integrations/{id}", { id: one.id });
      queryClient.invalidateQueries({ queryKey: ["integrations"] });
      toast(`${one.name} is removed`);
      navigate({ to: "/integrations" });
    } catch (error) {
      toastProblem(`${one.name} was not removed`, error);
    }
  };
  const sample = curl(one);
  return (
    <div className="mx-auto max-w-6xl">
      <PageHead
        title={
          <span className="flex items-center gap-3">
            <Lettermark name={template?.title ?? one.template} />
            <span className="foreign">{one.name}</span>
          </span>
        }
        sub={
          <>
            <Link to="/integrations" className="hover:underline">
              Integrations
            </Link>{" "}
            · {template?.title ?? one.template}
          </>
        }
      >
        {may && (
          <Button asChild>
            <Link to="/integrations/$id/mapping" params={{ id: one.id }}>
              <Braces className="size-4" aria-hidden /> Mapping
            </Link>
          </Button>
        )}
        {may && (
          <Button onClick={() => setEditing(true)}>
            <Pencil className="size-4" aria-hidden /> Edit
          </Button>
        )}
      </PageHead>
      <Waiting one={one} />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <Card title="Its address">
            <div className="flex items-center gap-2">
              <code className="foreign min-w-0 flex-1 rounded-md border border-line bg-ground px-3 py-2 font-mono text-xs">{one.url}</code>
              <Copyable text={one.url ?? ""} />
            </div>
            {sample && (
              <div className="mt-4">
                <p className="mb-2 text-quiet">Try it from a terminal:</p>
                <Code text={sample} />
              </div>
            )}
          </Card>
          {template?.guide && (
            <Card title="How to set it up">
              <Markdown text={filled(template.guide, one)} />
            </Card>
          )}
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          {warningsOf(one).length > 0 && (
            <Card title="Hints">
              <ul className="flex flex-col gap-2">
                {warningsOf(one).map((warning, i) => (
                  <li key={i} className="flex gap-2">
                    <TriangleAlert className="mt-0.5 size-4 shrink-0 text-amber" aria-hidden />
                    <span className="foreign">
                      {warning.text} <span className="text-quiet">({warning.count}×, last <When at={warning.last_at} />)</span>
                    </span>
                  </li>
                ))}
              </ul>
            </Card>
          )}
          <Log one={one} />
        </div>
      </div>
      {editing && (
        <Dialog open onClose={() => setEditing(false)} title={`Edit ${one.name}`} wide>
          <GeneratedForm form="Integration" plural="integrations" row={one as never} only={["name", "enabled", "quiet", "team_id", "service_id", "policy_id", "default_priority", "secret", "filter", "resolve_after_s", "reopen_window_s"]} onDone={() => setEditing(false)} />
          <div className="mt-6 flex items-center justify-between gap-3 border-t border-line pt-4">
            <p className="text-quiet">Removing it makes its address refuse what is sent.</p>
            <Button look="danger" onClick={remove}>
              Remove
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

/* Lives: turns by itself when the first request comes. */
function Waiting({ one }: { one: Integration }) {
  const [waited, setWaited] = useState(!one.last_request_at);
  if (!waited) return null;
  const came = !!one.last_request_at;
  return (
    <div role="status" className={`mb-4 flex items-center gap-3 rounded-lg border p-4 ${came ? "border-green bg-green-wash text-green" : "border-line bg-surface"}`}>
      {came ? <Check className="size-5" aria-hidden /> : <Radio className="shimmer size-5 text-accent-ink" aria-hidden />}
      <p className="flex-1 font-medium">{came ? "The first event has come. It is connected." : "Waiting for the first event… This page tells you when it comes."}</p>
      {came && (
        <>
          <Button asChild>
            <Link to="/alerts" search={{ integration: one.id }}>
              See its alerts
            </Link>
          </Button>
          <Button look="quiet" onClick={() => setWaited(false)}>
            Close
          </Button>
        </>
      )}
    </div>
  );
}

const TONES: Record<string, "green" | "amber" | "red" | "grey"> = { accepted: "green", partial: "amber", unmapped: "red", rejected: "red", failed: "red" };

function Log({ one }: { one: Integration }) {
  const [open, setOpen] = useState<string>();
  const query = useInfiniteQuery({
    queryKey: ["requests", one.id],
    queryFn: ({ pageParam }) => api("GET /requests", { query: { integration_id: one.id, limit: 30, cursor: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Card title="What it sent" flush>
      {query.isPending ? (
        <Rows />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : items.length === 0 ? (
        <Empty title="Nothing yet">Every request is kept here, with what became of it.</Empty>
      ) : (
        <ul className="divide-y divide-line">
          {items.map((request) => (
            <li key={request.id}>
              <button type="button" aria-expanded={open === request.id} onClick={() => setOpen(open === request.id ? undefined : request.id)} className="flex w-full items-center gap-3 px-4 py-2 text-left hover:bg-hover">
                <Badge tone={TONES[request.outcome ?? ""] ?? "grey"}>{words(request.outcome)}</Badge>
                <span className="min-w-0 flex-1 truncate text-quiet">{request.errors.length ? String((request.errors[0] as { reason?: string }).reason ?? "was not understood") : `${request.alert_ids.length} ${request.alert_ids.length === 1 ? "alert" : "alerts"}`}</span>
                <When at={request.received_at!} className="text-xs text-quiet" />
              </button>
              {open === request.id && <OneRequest id={request.id} />}
            </li>
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <div className="border-t border-line p-2 text-center">
          <Button small look="quiet" onClick={() => query.fetchNextPage()} busy={query.isFetchingNextPage}>
            Older
          </Button>
        </div>
      )}
    </Card>
  );
}

function pretty(body: unknown) {
  if (typeof body !== "string") return JSON.stringify(body, null, 2);
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function OneRequest({ id }: { id: string }) {
  const query = useQuery({ queryKey: ["requests", "one", id], queryFn: () => api("GET /requests/{id}", { id }) });
  const [busy, setBusy] = useState(false);
  if (query.isPending) return <Rows count={3} />;
  if (query.isError) return <Failure error={query.error} retry={() => query.refetch()} />;
  const request = query.data as Request & { body?: unknown; warnings?: string[] };
  const replay = async () => {
    setBusy(true);
    try {
      await api("POST /requests/{id}/replay", { id });
      toast("Sent again through the rules of today");
    } catch (error) {
      toastProblem("It was not replayed", error);
    }
    setBusy(false);
    for (const key of ["requests", "alerts"]) queryClient.invalidateQueries({ queryKey: [key] });
  };
  return (
    <div className="flex flex-col gap-3 bg-ground px-4 py-3">
      {request.errors.length > 0 && (
        <ul className="flex flex-col gap-1 text-red">
          {(request.errors as { index?: number; reason?: string }[]).map((error, i) => (
            <li key={i} className="foreign">
              {error.index !== undefined && `Element ${error.index}: `}
              {error.reason ?? JSON.stringify(error)}
            </li>
          ))}
        </ul>
      )}
      {request.warnings?.map((warning) => (
        <p key={warning} className="foreign text-amber">
          {warning}
        </p>
      ))}
      <Facts>
        <Fact name="Request">
          <code className="font-mono text-xs">{request.id}</code>
        </Fact>
        {request.alert_ids.length > 0 && (
          <Fact name="Alerts">
            <span className="flex flex-wrap gap-2">
              {request.alert_ids.slice(0, 10).map((alert) => (
                <Link key={alert} to="/alerts/$id" params={{ id: alert }} search={{}} className="font-mono text-xs text-accent-ink hover:underline">
                  {alert}
                </Link>
              ))}
            </span>
          </Fact>
        )}
      </Facts>
      {request.body !== undefined && request.body !== null && (
        <div className="max-h-80 overflow-auto">
          <Code text={pretty(request.body)} />
        </div>
      )}
      <Button small className="self-start" onClick={replay} busy={busy}>
        <RotateCw className="size-3.5" aria-hidden /> Replay
      </Button>
    </div>
  );
}
