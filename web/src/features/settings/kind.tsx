/* The list and the form of any kind that is configured by a form. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Plus, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { api, send } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { queryClient, useCan, useNames } from "@/lib/query";
import { fullDay, fullTime } from "@/lib/time";
import { Button, IconButton } from "@/ui/button";
import { Input } from "@/ui/form";
import { Badge, words } from "@/ui/marks";
import { Dialog } from "@/ui/overlay";
import { Copyable, Empty, Failure, PageHead, Rows } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";
import { DraftLadder } from "../oncall/ladder";
import { GeneratedForm } from "./generated-form";
import { Invitation } from "./invitation";
import { KINDS, type Kind } from "./kinds";
import { TakeAwaySecondFactor } from "./take-away";
import { fieldLabel } from "./value-editor";

type Row = Record<string, unknown> & { id: string; name: string };
interface List {
  items: Row[];
  next_cursor: string | null;
}

export default function KindPage() {
  const { kind: plural } = useParams({ strict: false }) as { kind: string };
  const kind = KINDS.find((one) => one.plural === plural);
  if (!kind) return <Empty title="There is no such page" />;
  return <KindList key={plural} kind={kind} />;
}

function KindList({ kind }: { kind: Kind }) {
  useTitle(kind.title);
  const { edit } = useSearch({ strict: false }) as { edit?: string };
  const navigate = useNavigate();
  const [filter, setFilter] = useState("");
  const [key, setKey] = useState<string>();
  const [going, setGoing] = useState<Row>();
  const [invited, setInvited] = useState<Row>();
  const mayInvite = useCan("users", "invite") && kind.plural === "users";
  const mayTakeAway = useCan("users", "second-factor") && kind.plural === "users";
  const may = useCan(kind.plural, "create");
  const query = useInfiniteQuery({
    queryKey: [kind.plural, "list"],
    queryFn: ({ pageParam }) => send("GET", `/api/v1/${kind.plural}?limit=200${pageParam ? `&cursor=${pageParam}` : ""}`) as Promise<List>,
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
  const all = query.data?.pages.flatMap((page) => page.items) ?? [];
  const rows = filter ? all.filter((row) => JSON.stringify(row).toLowerCase().includes(filter.toLowerCase())) : all;
  const show = (id?: string) => navigate({ to: "/settings/$kind", params: { kind: kind.plural }, search: { edit: id } });
  const editing = useQuery({
    queryKey: [kind.plural, "one", edit],
    queryFn: () => send("GET", `/api/v1/${kind.plural}/${edit}`) as Promise<Row>,
    enabled: !!edit && edit !== "new",
  });

  return (
    <div className="mx-auto max-w-5xl">
      <PageHead
        title={kind.title}
        sub={
          <>
            <Link to="/settings" className="hover:underline">
              Settings
            </Link>{" "}
            · {kind.doc}
          </>
        }
      >
        {all.length > 8 && <Input type="search" aria-label="Find" placeholder="Find" className="!w-44" value={filter} onChange={(e) => setFilter(e.target.value)} />}
        {may && (
          <Button look="primary" onClick={() => show("new")}>
            <Plus className="size-4" aria-hidden /> New {kind.one}
          </Button>
        )}
      </PageHead>
      <div className="overflow-x-auto rounded-lg border border-line bg-surface">
        {query.isPending ? (
          <Rows />
        ) : query.isError && !all.length ? (
          <Failure error={query.error} retry={() => query.refetch()} />
        ) : rows.length === 0 ? (
          <Empty title={filter ? `Nothing fits “${filter}”` : `There is no ${kind.one} yet`} action={may && !filter && <Button onClick={() => show("new")}>Make the first</Button>} />
        ) : (
          <table className="w-full text-left">
            <thead className="text-xs text-quiet">
              <tr className="border-b border-line">
                <th className="h-9 px-4 font-medium">Name</th>
                {kind.columns.map((name) => (
                  <th key={name} className="px-4 font-medium max-sm:hidden">
                    {fieldLabel(name)}
                  </th>
                ))}
                <th className="w-10">
                  <span className="sr-only">Remove</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id} className="h-(--row) border-b border-line last:border-0 hover:bg-hover">
                  <td className="px-4">
                    <button type="button" onClick={() => show(row.id)} className="foreign text-left font-medium hover:underline">
                      {row.name}
                    </button>
                  </td>
                  {kind.columns.map((name) => (
                    <td key={name} className="px-4 text-quiet max-sm:hidden">
                      <Cell name={name} value={row[name]} />
                    </td>
                  ))}
                  <td className="pr-2 text-right whitespace-nowrap">
                    {mayInvite && row.status !== "deactivated" && (
                      <Button small look="quiet" onClick={() => setInvited(row)}>
                        Link to sign in
                      </Button>
                    )}
                    {may && (
                      <IconButton small label={`Remove ${row.name}`} onClick={() => setGoing(row)}>
                        <Trash2 className="size-4" aria-hidden />
                      </IconButton>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      {query.hasNextPage && (
        <Button className="mt-3" onClick={() => query.fetchNextPage()} busy={query.isFetchingNextPage}>
          More
        </Button>
      )}
      {edit && (edit === "new" || editing.data || editing.isError) && (
        <Dialog open onClose={() => show()} wide title={edit === "new" ? `New ${kind.one}` : (editing.data?.name ?? kind.one)}>
          {kind.plural === "identity-providers" && <RedirectUri />}
          {editing.isError && edit !== "new" ? (
            <Failure error={editing.error} />
          ) : (
            <GeneratedForm
              key={edit}
              form={kind.form}
              plural={kind.plural}
              row={edit === "new" ? undefined : editing.data}
              below={BELOW[kind.plural]}
              onDone={(made) => {
                show();
                if (typeof made?.key === "string" && edit === "new") setKey(made.key);
                if (made && edit === "new" && mayInvite) setInvited(made as Row);
              }}
            />
          )}
          {mayTakeAway && edit !== "new" && editing.data && <TakeAwaySecondFactor id={editing.data.id} name={editing.data.name} />}
        </Dialog>
      )}
      {key && (
        <Dialog open onClose={() => setKey(undefined)} title="The key" sub="It is shown now and never again.">
          <div className="flex items-center gap-2">
            <code className="foreign flex-1 rounded-md border border-line bg-ground px-3 py-2 font-mono">{key}</code>
            <Copyable text={key} />
          </div>
        </Dialog>
      )}
      {invited && <Invitation id={invited.id} name={invited.name} onClose={() => setInvited(undefined)} />}
      {going && <Removal kind={kind} row={going} onDone={() => setGoing(undefined)} />}
    </div>
  );
}

/* What stands at a form's end. */
const BELOW: Record<string, ((values: Record<string, unknown>, row?: Record<string, unknown>) => ReactNode) | undefined> = {
  "escalation-policies": (values) => <DraftLadder policy={{ name: "This policy", ...values }} />,
  "holiday-calendars": (_, row) => row && <Days list={row.days as Day[]} />,
};

/* What a file was understood to say: a slip in it is seen here and not on the day. */
interface Day {
  day: string;
  name: string;
}
function Days({ list }: { list: Day[] }) {
  return (
    <details className="rounded-md border border-line bg-ground p-3">
      <summary className="cursor-pointer font-medium">
        {list.length} {list.length === 1 ? "day" : "days"}
      </summary>
      <ul className="mt-2">
        {list.map((one) => (
          <li key={one.day + one.name} className="flex gap-x-3">
            <span className="shrink-0 text-quiet tabular-nums">{fullDay(one.day)}</span>
            <span className="foreign min-w-0">{one.name}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/* What has to be said at the provider before anything can be filled in here. */
function RedirectUri() {
  const uri = useQuery({ queryKey: ["sign-in-providers"], queryFn: () => api("GET /sign-in/providers") }).data?.redirect_uri;
  if (!uri) return null;
  return (
    <div className="mb-4 rounded-md border border-line bg-ground p-3">
      <p className="mb-2 text-quiet">Register Tocsin at the provider as a web application with this redirect URI; it gives you a client id and a secret.</p>
      <div className="flex items-center gap-2">
        <code className="min-w-0 flex-1 truncate font-mono text-xs">{uri}</code>
        <Copyable text={uri} />
      </div>
    </div>
  );
}

function Removal({ kind, row, onDone }: { kind: Kind; row: Row; onDone: () => void }) {
  const remove = async () => {
    try {
      await send("DELETE", `/api/v1/${kind.plural}/${row.id}`);
      toast(`${row.name} is removed`);
    } catch (error) {
      toastProblem(`${row.name} was not removed`, error);
    }
    queryClient.invalidateQueries({ queryKey: [kind.plural] });
    onDone();
  };
  return (
    <Dialog open onClose={onDone} title={`Remove ${row.name}?`} sub="This cannot be undone. What still needs it keeps it from going.">
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Keep</Button>
        <Button look="danger" onClick={remove}>
          Remove
        </Button>
      </div>
    </Dialog>
  );
}

function Cell({ name, value }: { name: string; value: unknown }) {
  const team = useNames("teams");
  const policy = useNames("escalation-policies");
  const user = useNames("users");
  const schedule = useNames("schedules");
  if (value === null || value === undefined || value === "") return <>–</>;
  if (name === "team_id") return <>{team(value as string) ?? "…"}</>;
  if (name === "policy_id") return <>{policy(value as string) ?? "…"}</>;
  if (name === "schedule_id") return <>{schedule(value as string) ?? "…"}</>;
  if (name === "user_id") return <>{user(value as string) ?? "…"}</>;
  if (name === "status" || name === "role" || name === "tier" || name === "urgency") return <Badge tone={value === "active" ? "green" : "grey"}>{words(String(value))}</Badge>;
  if (name.endsWith("_at")) return <>{fullTime(value as string)}</>;
  if (Array.isArray(value)) return <>{value.every((v) => typeof v === "string") ? value.join(", ") : value.length}</>;
  return <span className="foreign">{String(value)}</span>;
}
