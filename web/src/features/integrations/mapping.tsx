/* The mapping of a source: what it sent on the left, an expression for each field in the middle, what comes out on the
 * right; live, with the place of what is wrong. What is not overridden is the template's. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Plus, RotateCcw } from "lucide-react";
import { lazy, Suspense, useDeferredValue, useEffect, useState } from "react";
import { api, type Integration, isProblem, type Problem } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { queryClient } from "@/lib/query";
import { dayName, timeOfDay } from "@/lib/time";
import { Button, IconButton } from "@/ui/button";
import { Select } from "@/ui/form";
import { Badge, words } from "@/ui/marks";
import { Menu, MenuItem } from "@/ui/overlay";
import { Card, Empty, Failure, PageHead, Rows, Skeleton } from "@/ui/parts";
import { toast } from "@/ui/toast";
import { integrationQuery } from "./api";

const CelEditor = lazy(() => import("@/ui/cel-editor"));

/* What an event is made of; the words are for people. */
const FIELDS: Record<string, string> = {
  dedup_key: "The same key is the same alert",
  title: "What people read first",
  description: "More words",
  status: "triggered, acknowledged or resolved",
  priority: "p1 to p4",
  service: "Name or slug of the service",
  source: "What reported it",
  labels: "A map of words to route by",
  links: "A list of {href, title}",
  starts_at: "When it began",
  occurred_at: "When this was said",
};

type Overrides = Record<string, string>;
interface Evaluated {
  value?: unknown;
  error?: { message: string; line: number | null; column: number | null; caret: string | null } | null;
}

export default function MappingPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const query = useQuery(integrationQuery(id));
  useTitle(query.data ? `Mapping of ${query.data.name}` : "Mapping");
  if (query.isPending) return <Rows count={10} />;
  if (!query.data) return <Failure error={query.error} retry={() => query.refetch()} />;
  return <Mapping key={query.data.version} one={query.data} />;
}

function Mapping({ one }: { one: Integration }) {
  const saved = (one.overrides ?? {}) as Overrides;
  const [overrides, setOverrides] = useState<Overrides>(saved);
  const [request, setRequest] = useState("");
  const [element, setElement] = useState(0);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const requests = useQuery({ queryKey: ["requests", one.id, "mapping"], queryFn: () => api("GET /requests", { query: { integration_id: one.id, limit: 50 } }) });
  const chosen = request || requests.data?.items.find((r) => r.body_bytes)?.id;
  const body = useQuery({ queryKey: ["requests", "one", chosen], queryFn: () => api("GET /requests/{id}", { id: chosen! }), enabled: !!chosen });
  const now = useQuery({
    queryKey: ["requests", "preview", chosen, one.version],
    queryFn: () => api("POST /alert-rules/preview", { body: { request_id: chosen } }),
    enabled: !!chosen,
    retry: false,
  });
  const payload = parsed(body.data?.body);
  const changed = JSON.stringify(overrides) !== JSON.stringify(saved);
  const [results, setResults] = useState<Record<string, Evaluated>>({});
  const told = (field: string) => (result: Evaluated) => setResults((old) => (JSON.stringify(old[field]) === JSON.stringify(result) ? old : { ...old, [field]: result }));
  const event = eventOf(now.data?.items[element]?.event as Record<string, unknown> | undefined);
  for (const field of Object.keys(overrides)) {
    const result = results[field];
    if (overrides[field]!.trim() && result && !result.error) event[field] = result.value;
  }
  const broken = Object.keys(overrides).some((field) => results[field]?.error);

  async function save() {
    setBusy(true);
    setProblem(undefined);
    // A merge patch: what is gone is null.
    const patch: Record<string, string | null> = Object.fromEntries(Object.entries(overrides).filter(([, source]) => source.trim()));
    for (const field of Object.keys(saved)) if (!patch[field]) patch[field] = null;
    try {
      await api("PATCH /integrations/{id}", { id: one.id, body: { overrides: patch as never }, version: one.version });
      toast("Saved: it holds for what is sent from now on", { detail: "Replay a request to see it with what was sent before." });
      await queryClient.invalidateQueries({ queryKey: ["integrations"] });
    } catch (error) {
      if (isProblem(error)) setProblem(error);
    }
    setBusy(false);
  }

  return (
    <>
      <PageHead
        title="Mapping"
        sub={
          <>
            <Link to="/integrations" className="hover:underline">
              Integrations
            </Link>{" "}
            ·{" "}
            <Link to="/integrations/$id" params={{ id: one.id }} className="hover:underline">
              {one.name}
            </Link>
          </>
        }
      >
        {changed && (
          <Button look="quiet" onClick={() => setOverrides(saved)}>
            Put back
          </Button>
        )}
        <Button look="primary" disabled={!changed || broken} busy={busy} onClick={save}>
          Save
        </Button>
      </PageHead>
      {problem && (
        <div role="alert" className="mb-4 rounded-md bg-red-wash px-4 py-3 text-red">
          {problem.status === 412 ? <p>Somebody changed this source while you did. Load the page again to see theirs; yours is still here to copy.</p> : problem.errors.length ? problem.errors.map((e) => <p key={e.pointer}>{`${e.pointer.slice(1)}: ${e.message}`}</p>) : <p>{problem.message}</p>}
        </div>
      )}
      <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_minmax(0,1.2fr)_minmax(0,1fr)]">
        <Card title="What was sent" flush>
          {requests.isPending ? (
            <Rows />
          ) : requests.isError ? (
            <Failure error={requests.error} retry={() => requests.refetch()} />
          ) : !chosen ? (
            <Empty title="Nothing was sent yet">Send something to the address of this source; it appears here and you map it while you look at it.</Empty>
          ) : (
            <>
              <div className="border-b border-line p-2">
                <Select
                  aria-label="Which request"
                  value={chosen}
                  onChange={(e) => {
                    setRequest(e.target.value);
                    setElement(0);
                  }}
                >
                  {requests.data.items.map((r) => (
                    <option key={r.id} value={r.id}>
                      {r.received_at && `${dayName(r.received_at)} ${timeOfDay(r.received_at)}`}, {words(r.outcome).toLowerCase()}
                    </option>
                  ))}
                </Select>
              </div>
              {body.isPending ? <Rows /> : body.isError ? <Failure error={body.error} /> : <pre tabIndex={0} aria-label="Payload" className="max-h-[70vh] overflow-auto p-3 font-mono text-xs leading-5">{payload === undefined ? (body.data.body ?? "Its body is not kept any more.") : JSON.stringify(payload, null, 2)}</pre>}
            </>
          )}
        </Card>
        <Card title="Fields" actions={<AddField taken={overrides} onAdd={(field) => setOverrides({ ...overrides, [field]: "" })} />}>
          {Object.keys(overrides).length === 0 && <p className="text-quiet">Everything is mapped by the template. Add a field to say it yourself, in CEL: <code className="font-mono">payload.text</code>.</p>}
          <div className="flex flex-col gap-4">
            {Object.entries(overrides).map(([field, source]) => (
              <FieldRow
                key={field}
                field={field}
                source={source}
                request={chosen}
                element={element}
                data={payload}
                onChange={(next) => setOverrides((old) => ({ ...old, [field]: next }))}
                onRemove={() => setOverrides(({ [field]: _, ...rest }) => rest)}
                onResult={told(field)}
              />
            ))}
          </div>
        </Card>
        <Card
          title="What comes out"
          flush
          actions={
            (now.data?.items.length ?? 0) > 1 && (
              <Select aria-label="Which alert of the request" className="!w-auto" value={element} onChange={(e) => setElement(Number(e.target.value))}>
                {now.data!.items.map((_, i) => (
                  <option key={i} value={i}>
                    Alert {i + 1} of {now.data!.items.length}
                  </option>
                ))}
              </Select>
            )
          }
        >
          {!chosen ? (
            <Empty title="Nothing yet" />
          ) : now.isPending ? (
            <Rows />
          ) : (
            <dl aria-live="polite" className="divide-y divide-line">
              {now.isError && <div className="px-4 py-2 text-amber">With the mapping of now: {now.error.message}</div>}
              {[...new Set([...Object.keys(FIELDS), ...Object.keys(event)])].filter((field) => field in overrides || !isNothing(event[field])).map((field) => (
                <div key={field} className="px-4 py-2">
                  <dt className="flex items-center gap-2 text-xs text-quiet">
                    {field}
                    {overrides[field]?.trim() && <Badge tone="blue">yours</Badge>}
                  </dt>
                  <dd className="foreign font-mono text-xs break-words whitespace-pre-wrap">{isNothing(event[field]) ? "–" : typeof event[field] === "string" ? (event[field] as string) : JSON.stringify(event[field], null, 1)}</dd>
                </div>
              ))}
            </dl>
          )}
        </Card>
      </div>
    </>
  );
}

/* As mappings say it: priorities by name, times as text; what stands there twice, once. */
function eventOf(made: Record<string, unknown> | undefined): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(made ?? {})) {
    const time = /^(.*)_ms$/.exec(name);
    if (time) out[`${time[1]}_at`] = typeof value === "number" && value > 0 ? new Date(value).toISOString() : undefined;
    else out[name] = name === "priority" && typeof value === "number" ? (value > 0 ? `p${value}` : undefined) : value;
  }
  return out;
}

function parsed(body: string | null | undefined): unknown {
  try {
    return body ? JSON.parse(body) : undefined;
  } catch {
    return undefined;
  }
}

const isNothing = (value: unknown) => value === undefined || value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

function AddField({ taken, onAdd }: { taken: Overrides; onAdd: (field: string) => void }) {
  return (
    <Menu
      trigger={
        <Button small>
          <Plus className="size-3.5" aria-hidden /> Field
        </Button>
      }
    >
      {Object.entries(FIELDS)
        .filter(([field]) => !(field in taken))
        .map(([field, about]) => (
          <MenuItem key={field} onSelect={() => onAdd(field)}>
            <span className="w-24 font-mono text-xs">{field}</span> <span className="text-quiet">{about}</span>
          </MenuItem>
        ))}
    </Menu>
  );
}

interface RowProps {
  field: string;
  source: string;
  request?: string;
  element: number;
  data: unknown;
  onChange: (source: string) => void;
  onRemove: () => void;
  onResult: (result: Evaluated) => void;
}

function FieldRow({ field, source, request, element, data, onChange, onRemove, onResult }: RowProps) {
  const asked = useDeferredValue(source.trim());
  const answer = useQuery({
    queryKey: ["evaluate", request, element, asked],
    queryFn: () => api("POST /expressions/evaluate", { body: { source: asked, request_id: request, element, place: "mapping" } }) as Promise<Evaluated>,
    enabled: !!asked && !!request,
    staleTime: 60_000,
    gcTime: 60_000,
    placeholderData: (old) => old,
  });
  const result = asked ? answer.data : undefined;
  useEffect(() => {
    if (result) onResult(result);
    // onResult is a new function each time; what it does is the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [result]);
  const error = result?.error;
  return (
    <section aria-label={field}>
      <div className="mb-1 flex items-center gap-2">
        <h3 className="font-mono text-xs font-semibold">{field}</h3>
        <span className="min-w-0 flex-1 truncate text-xs text-quiet">{FIELDS[field]}</span>
        <IconButton small label={`Let the template map ${field}`} onClick={onRemove}>
          <RotateCcw className="size-3.5" aria-hidden />
        </IconButton>
      </div>
      <Suspense fallback={<Skeleton className="h-8" />}>
        <CelEditor label={`Expression for ${field}`} value={source} onChange={onChange} place="mapping" data={{ payload: data }} hint="payload." error={error && error.line && error.column ? { line: error.line, column: error.column } : undefined} />
      </Suspense>
      {error ? (
        <div role="alert" className="mt-1 text-xs text-red">
          {error.caret && <pre className="overflow-x-auto font-mono leading-4">{error.caret}</pre>}
          <p>{error.message}</p>
        </div>
      ) : (
        result && (
          <p className="foreign mt-1 truncate font-mono text-xs text-green" title={JSON.stringify(result.value)}>
            {JSON.stringify(result.value)}
          </p>
        )
      )}
    </section>
  );
}
