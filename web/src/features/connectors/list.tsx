/* Provider accounts: with which messages are sent, whether they are taken, and a test through a way of one's own. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import clsx from "clsx";
import { Send } from "lucide-react";
import { useState } from "react";
import type { EditSearch } from "@/app/router";
import { api, type Connector, type ContactMethod } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { useCursor } from "@/lib/list";
import { queryClient, useCan, useMe } from "@/lib/query";
import { Button } from "@/ui/button";
import { List, ListRow, NewButton } from "@/ui/list";
import { Badge } from "@/ui/marks";
import { Dialog } from "@/ui/overlay";
import { Empty, Failure, PageHead, Rows, When } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";
import { channelsQuery } from "./api";
import { ConnectorDialog } from "./form";

const STATES: Record<string, { words: string; tone: "green" | "amber" | "red" | "grey" }> = {
  working: { words: "Works", tone: "green" },
  untried: { words: "Not tried yet", tone: "grey" },
  failing: { words: "Fails; others are tried first", tone: "amber" },
  misconfigured: { words: "Refused by the provider", tone: "red" },
};

export default function Connectors() {
  useTitle("Provider accounts");
  const { edit } = useSearch({ strict: false }) as EditSearch;
  const navigate = useNavigate();
  const query = useQuery({ queryKey: ["connectors", "list"], queryFn: () => api("GET /connectors", { query: { limit: 200 } }) });
  const channels = useQuery(channelsQuery).data?.items;
  const may = useCan("connectors", "create");
  const [tested, setTested] = useState<Connector>();
  const rows = [...(query.data?.items ?? [])].sort((a, b) => a.channel.localeCompare(b.channel) || a.position - b.position);
  const show = (id?: string) => void navigate({ to: "/settings/connectors", search: { edit: id } });
  const at = useCursor(rows, (row) => may && show(row.id));
  return (
    <div className="mx-auto max-w-5xl">
      <PageHead
        title="Provider accounts"
        sub={
          <>
            <Link to="/settings" className="hover:underline">
              Settings
            </Link>{" "}
            · With which SMS, calls and chat messages are sent.
          </>
        }
      >
        {may && <NewButton onClick={() => show("new")}>New account</NewButton>}
      </PageHead>
      <List
        query={query}
        rows={rows}
        skeleton={3}
        empty={
          <Empty icon={<Send className="size-6" aria-hidden />} title="There is no account yet" action={may && <Button onClick={() => show("new")}>Add the first</Button>}>
            E-mail needs only a mail relay, webhooks and ntfy need nothing. SMS, calls and chats go through a provider's account.
          </Empty>
        }
      >
        {(row, i) => {
          const state = STATES[row.state] ?? { words: row.state, tone: "grey" as const };
          return (
            <ListRow
              key={row.id}
              here={i === at}
              off={!row.enabled}
              actions={
                <>
                  <Button small onClick={() => setTested(row)}>
                    Test
                  </Button>
                  {may && (
                    <Button small onClick={() => show(row.id)}>
                      Edit
                    </Button>
                  )}
                </>
              }
            >
              <div className="flex flex-wrap items-center gap-2">
                <Badge tone={row.enabled ? state.tone : "grey"}>{row.enabled ? state.words : "Off"}</Badge>
                <span className="foreign font-medium">{row.name}</span>
                <span className="text-quiet">{channels?.find((one) => one.name === row.channel)?.title ?? row.channel}</span>
              </div>
              <p className="foreign mt-1 text-quiet">
                {row.state_at && <When at={row.state_at} />}
                {row.state_reason && <span className={state.tone === "red" || state.tone === "amber" ? "text-red" : ""}> {row.state_reason}</span>}
              </p>
            </ListRow>
          );
        }}
      </List>
      {edit && <ConnectorDialog id={edit === "new" ? undefined : edit} onClose={() => show()} />}
      {tested && <Test connector={tested} kind={channels?.find((one) => one.name === tested.channel)?.kind} onClose={() => setTested(undefined)} />}
    </div>
  );
}

/* A message to myself: nobody else is bothered, and what the provider says of it is shown. */
function Test({ connector, kind, onClose }: { connector: Connector; kind?: string; onClose: () => void }) {
  const me = useMe();
  const query = useQuery({ queryKey: ["contact-methods", "mine", me?.id, "test"], queryFn: () => api("GET /contact-methods", { query: { user_id: me!.id, limit: 100 } as never }), enabled: !!me });
  const mine = query.data?.items.filter((one) => one.kind === kind) ?? [];
  const mayCheck = useCan("connectors", "check");
  const check = async () => {
    try {
      await api("POST /connectors/{id}/check", { id: connector.id });
      toast("The provider is asked", { detail: "How it stands is shown in the list in a moment." });
      onClose();
    } catch (error) {
      toastProblem("The provider was not asked", error);
    }
    void queryClient.invalidateQueries({ queryKey: ["connectors"] });
  };
  return (
    <Dialog open onClose={onClose} title={`Test ${connector.name}`} sub="A message to yourself. Of several accounts for one kind the first that works sends it.">
      {mayCheck && (
        <p className="mb-3 flex flex-wrap items-center justify-between gap-3 rounded-md bg-hover px-3 py-2">
          <span className="min-w-40 flex-1">Does its provider take us? Nobody gets a message.</span>
          <Button small onClick={check}>
            Ask the provider
          </Button>
        </p>
      )}
      {query.isPending ? (
        <Rows count={2} />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : mine.length === 0 ? (
        <Empty
          title="You cannot be reached this way yet"
          action={
            <Button asChild>
              <Link to="/on-call/me">My contact methods</Link>
            </Button>
          }
        >
          Add an address of yours that goes through this account; then test it here or there.
        </Empty>
      ) : (
        <ul className="divide-y divide-line">
          {mine.map((one) => (
            <One key={one.id} method={one} />
          ))}
        </ul>
      )}
    </Dialog>
  );
}

function One({ method }: { method: ContactMethod }) {
  const [asked, setAsked] = useState(false);
  const send = async () => {
    try {
      await api("POST /contact-methods/{id}/test", { id: method.id });
      setAsked(true);
    } catch (error) {
      toastProblem("The test was not sent", error);
    }
    for (const key of ["contact-methods", "connectors"]) void queryClient.invalidateQueries({ queryKey: [key] });
  };
  return (
    <li className="flex flex-wrap items-center gap-3 py-2">
      <span className="foreign min-w-40 flex-1 font-medium">{method.address}</span>
      <Button small look="primary" onClick={send}>
        Send a test
      </Button>
      {asked && (
        <p role="status" className={clsx("foreign basis-full", method.check_status === "failed" ? "text-red" : "text-quiet")}>
          {method.check_status === "sending" ? "It is on its way…" : method.check_status === "sent" ? "The provider took it. Look whether it arrived." : method.check_status === "failed" ? (method.check_error ?? "It failed.") : ""}
        </p>
      )}
    </li>
  );
}
