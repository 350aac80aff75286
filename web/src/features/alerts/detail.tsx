/* One alert: what it is, what may be done, why it paged (or not), what happened. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { BellOff, Check, Clock, EllipsisVertical, ExternalLink, Eye, X } from "lucide-react";
import { type FormEvent, Fragment, lazy, Suspense, useState } from "react";
import { type Alert, api } from "@/lib/api";
import { useNow } from "@/lib/hooks";
import { queryClient, useCan, useMe, useNames } from "@/lib/query";
import { fullTime, untilText } from "@/lib/time";
import { Button, IconButton } from "@/ui/button";
import { Area } from "@/ui/form";
import { Priority, Status } from "@/ui/marks";
import { Menu, MenuHead, MenuItem, MenuLine } from "@/ui/overlay";
import { Tabs } from "@/ui/tabs";
import { Fact, Facts, Failure, Rows, When } from "@/ui/parts";
import { toastProblem } from "@/ui/toast";
import { incidentQuery } from "../incidents/api";
import { Told } from "../pages/told";
import { HoldLink } from "../quiet/hold-link";
import { Together } from "../together/parts";
import { TimelineOf } from "../timeline/of";
import { alertQueryOf, canDo, useVerb } from "./api";
import { Explanation } from "./explanation";
import { Occurrences, RawRequest } from "./request";

const SilenceDialog = lazy(() => import("../silences/form"));
type Tab = "Facts" | "Why" | "Timeline" | "Request";
const TABS: { value: Tab; label: string }[] = [
  { value: "Facts", label: "Facts" },
  { value: "Why", label: "Why it paged, or not" },
  { value: "Timeline", label: "Timeline" },
  { value: "Request", label: "What was sent" },
];

export function AlertDetail({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(alertQueryOf(id));
  const [tab, setTab] = useState<Tab>("Facts");
  const alert = query.data;
  return (
    <>
      <header className="flex items-start gap-2 border-b border-line px-5 pt-4 pb-3">
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-center gap-3">
            <span className="text-quiet tabular-nums">{alert?.number ?? id}</span>
            {alert && <Status of={alert.status} />}
            {alert && <Priority of={alert.priority} wide />}
          </div>
          <h2 dir="auto" className="foreign mt-1 max-h-28 overflow-y-auto text-base font-semibold">
            {alert?.title ?? "…"}
          </h2>
        </div>
        {alert && <MoreActions alert={alert} />}
        <IconButton label="Close" onClick={onClose}>
          <X className="size-4" aria-hidden />
        </IconButton>
      </header>
      {query.isPending && <Rows count={8} />}
      {query.isError && !alert && <Failure error={query.error} retry={() => query.refetch()} />}
      {alert && (
        <>
          <Actions alert={alert} />
          <Tabs label="About this alert" value={tab} tabs={TABS} onChange={setTab} className="px-5" panel="min-h-0 flex-1 overflow-y-auto p-5">
            {tab === "Facts" && <AlertFacts alert={alert} />}
            {tab === "Why" && <Explanation alert={alert} />}
            {tab === "Timeline" && <AlertTimeline alert={alert} />}
            {tab === "Request" && <RawRequest alert={alert} />}
          </Tabs>
        </>
      )}
    </>
  );
}

const SNOOZES: [number, string][] = [
  [1800, "30 minutes"],
  [3600, "1 hour"],
  [14400, "4 hours"],
  [86400, "1 day"],
];

function Actions({ alert }: { alert: Alert }) {
  const me = useMe();
  const verb = useVerb();
  const maySilence = useCan("silences", "create");
  const [silencing, setSilencing] = useState(false);
  const act = (what: Parameters<typeof verb>[0], body?: object) => verb(what, [alert], body);
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-5 py-3">
      {canDo("acknowledge", alert) && (
        <Button look="primary" onClick={() => act("acknowledge")} shortcut="a">
          <Eye className="size-4" aria-hidden /> Acknowledge
        </Button>
      )}
      {canDo("resolve", alert) && (
        <Button onClick={() => act("resolve")}>
          <Check className="size-4" aria-hidden /> Resolve
        </Button>
      )}
      {canDo("snooze", alert) && (
        <Menu
          trigger={
            <Button>
              <Clock className="size-4" aria-hidden /> Snooze
            </Button>
          }
        >
          {[false, true].map((for_me) => (
            <Fragment key={String(for_me)}>
              {for_me && <MenuLine />}
              <MenuHead>{for_me ? "Only for me: the others are told" : "For everybody"}</MenuHead>
              {SNOOZES.map(([for_s, label]) => (
                <MenuItem key={label} onSelect={() => act("snooze", for_me ? { for_s, for_me } : { for_s })}>
                  {label}
                </MenuItem>
              ))}
            </Fragment>
          ))}
          {alert.own_snoozes.some((own) => own.user_id === me?.id) && (
            <>
              <MenuLine />
              <MenuItem onSelect={() => act("unsnooze")}>Tell me again</MenuItem>
            </>
          )}
        </Menu>
      )}
      {canDo("snooze", alert) && maySilence && (
        <Button onClick={() => setSilencing(true)}>
          <BellOff className="size-4" aria-hidden /> Silence
        </Button>
      )}
      {canDo("reopen", alert) && <Button onClick={() => act("reopen")}>Open again</Button>}
      {silencing && (
        <Suspense>
          <SilenceDialog alert={alert} onClose={() => setSilencing(false)} />
        </Suspense>
      )}
    </div>
  );
}

function MoreActions({ alert }: { alert: Alert }) {
  const verb = useVerb();
  const act = (what: Parameters<typeof verb>[0]) => verb(what, [alert]);
  return (
    <Menu
      trigger={
        <IconButton label="More actions">
          <EllipsisVertical className="size-4" aria-hidden />
        </IconButton>
      }
    >
      <MenuItem disabled={!canDo("escalate", alert)} onSelect={() => act("escalate")}>
        Page the next level now
      </MenuItem>
      <MenuItem disabled={!canDo("unacknowledge", alert)} onSelect={() => act("unacknowledge")}>
        Hand back
      </MenuItem>
      <MenuLine />
      <MenuItem danger disabled={!canDo("dismiss", alert)} onSelect={() => act("dismiss")}>
        Dismiss: it is nothing
      </MenuItem>
    </Menu>
  );
}

/* Its number and title; only "Its incident" to those who may not see it. */
function IncidentName({ id }: { id: string }) {
  const incident = useQuery(incidentQuery(id)).data;
  if (!incident) return <>Its incident</>;
  return (
    <>
      {incident.number} <span dir="auto">{incident.title}</span>
    </>
  );
}

function AlertFacts({ alert }: { alert: Alert }) {
  const service = useNames("services");
  const integration = useNames("integrations");
  const team = useNames("teams");
  const labels = Object.entries(alert.labels ?? {});
  return (
    <div className="flex flex-col gap-5">
      {alert.quiet_because && (
        <div className="flex gap-2 rounded-md bg-hover px-3 py-2">
          <BellOff className="mt-0.5 size-4 shrink-0" aria-hidden />
          <p className="foreign flex min-w-0 flex-wrap gap-x-2">
            <span>
              {alert.holds.length ? "Quiet: " : "Pages, but not everybody: "}
              {`${alert.quiet_because.charAt(0).toLowerCase()}${alert.quiet_because.slice(1)}`}.
            </span>
            {alert.holds.map((hold, i) => (
              <HoldLink key={i} hold={hold} />
            ))}
          </p>
        </div>
      )}
      {alert.unrouted && (
        <p className="rounded-md bg-amber-wash px-3 py-2 text-amber">
          Nobody was paged: no rule, service, team or integration says whom. <Link to="/rules" className="underline">Rules</Link>
        </p>
      )}
      {alert.description && (
        <p dir="auto" className="foreign whitespace-pre-wrap">
          {alert.description}
        </p>
      )}
      {alert.links.length > 0 && (
        <ul className="flex flex-col gap-1">
          {alert.links.map((link, i) => (
            <li key={i}>
              {/^https?:\/\//.test(link.href) ? (
                <a href={link.href} target="_blank" rel="noreferrer noopener" className="inline-flex max-w-full items-center gap-1.5 text-accent-ink hover:underline">
                  <ExternalLink className="size-3.5 shrink-0" aria-hidden />
                  <span className="truncate">{link.title || link.href}</span>
                </a>
              ) : (
                <span className="foreign">{link.href}</span>
              )}
            </li>
          ))}
        </ul>
      )}
      <Facts>
        <Fact name="Service">{service(alert.service_id)}</Fact>
        <Fact name="Team">{team(alert.team_id)}</Fact>
        <Fact name="Source">
          {alert.integration_id ? (
            <Link to="/integrations/$id" params={{ id: alert.integration_id }} className="text-accent-ink hover:underline">
              {integration(alert.integration_id) ?? alert.integration_id}
            </Link>
          ) : (
            "by hand"
          )}
        </Fact>
        {alert.incident_id && (
          <Fact name="Incident">
            <Link to="/incidents/$id" params={{ id: alert.incident_id }} className="text-accent-ink hover:underline">
              <IncidentName id={alert.incident_id} />
            </Link>
          </Fact>
        )}
        <Fact name="Reported">
          {(alert.count ?? 1).toLocaleString()} {alert.count === 1 ? "time" : "times"}, last <When at={alert.last_seen_at!} />
        </Fact>
        <Fact name="Began">{alert.starts_at && fullTime(alert.starts_at)}</Fact>
        {alert.acknowledged_at && (
          <Fact name="Acknowledged">
            {alert.acknowledged_by?.name} · <When at={alert.acknowledged_at} />
          </Fact>
        )}
        {alert.resolved_at && (
          <Fact name="Resolved">
            {alert.resolved_by?.name} · <When at={alert.resolved_at} />
          </Fact>
        )}
        <Fact name="Key">
          <code className="font-mono text-xs">{alert.dedup_key}</code>
        </Fact>
        {(alert.episode ?? 1) > 1 && <Fact name="Episode">{alert.episode}</Fact>}
      </Facts>
      <Together alertId={alert.id} />
      <Occurrences alert={alert} />
      {labels.length > 0 && (
        <section>
          <h3 className="mb-2 font-semibold">Labels</h3>
          <ul className="flex flex-wrap gap-1.5">
            {labels.map(([name, value]) => (
              <li key={name} className="foreign max-w-full rounded border border-line bg-ground px-1.5 py-0.5 font-mono text-xs">
                <span className="text-quiet">{name}=</span>
                {value}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Paged alert={alert} />
    </div>
  );
}

function Paged({ alert }: { alert: Alert }) {
  const pages = useQuery({ queryKey: ["pages", "of", alert.id], queryFn: () => api("GET /pages", { query: { alert_id: alert.id, limit: 5 } }) }).data?.items ?? [];
  const page = pages[0];
  const now = useNow();
  if (!page) return null;
  return (
    <section>
      <h3 className="mb-2 flex items-center gap-2 font-semibold">
        Paging <Status of={page.status} />
      </h3>
      <p className="mb-2 text-quiet">
        Level {page.level}
        {page.status === "active" && page.next_escalation_at && `, the next one ${untilText(page.next_escalation_at, now)}`}. {page.why}
      </p>
      <Told page={page.id} />
    </section>
  );
}

function AlertTimeline({ alert }: { alert: Alert }) {
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  async function add(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    try {
      await api("POST /alerts/{id}/note", { id: alert.id, body: { text: note } });
      setNote("");
      await queryClient.invalidateQueries({ queryKey: ["timeline", alert.id] });
    } catch (error) {
      toastProblem("The note was not kept", error);
    }
    setBusy(false);
  }
  return (
    <div className="flex flex-col gap-4">
      <form onSubmit={add} className="flex flex-col gap-2">
        <Area aria-label="Note" placeholder="What did you find?" value={note} onChange={(e) => setNote(e.target.value)} className="!min-h-16" />
        <Button type="submit" small className="self-end" busy={busy} disabled={!note.trim()}>
          Add note
        </Button>
      </form>
      <TimelineOf key={alert.id} subject={alert} />
    </div>
  );
}
