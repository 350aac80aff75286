/* Ctrl/Cmd-K: everything by name. Things first looked for on the server when something is typed: incidents and alerts by
 * number; people, services, schedules from what is known. ">" shows actions only, "#" incidents, "@" people, "!" services. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useDeferredValue, useState } from "react";
import { api } from "@/lib/api";
import { choose } from "@/lib/looks";
import { namesQuery } from "@/lib/query";
import { Avatar, IncidentStatus, Priority, Severity } from "@/ui/marks";
import { openOver } from "./shell";

const ITEM = "flex h-10 cursor-pointer items-center gap-3 rounded-md px-3 data-[selected=true]:bg-hover";
const GROUP = "[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-semibold [&_[cmdk-group-heading]]:text-quiet";

/* What is called exactly so comes first, then what begins so, then what has a word that does. */
function fitness(value: string, search: string) {
  const wanted = search
    .replace(/^[>#@!]\s*/, "")
    .trim()
    .toLowerCase();
  const name = value.toLowerCase().replace(/^go to /, "");
  if (!wanted || name === wanted) return 1;
  if (name.startsWith(wanted)) return 0.9;
  if (name.includes(` ${wanted}`)) return 0.8;
  return name.includes(wanted) ? 0.5 : 0;
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const mode = /^[>#@!]/.test(text) ? text[0]! : "";
  const shows = (kind: string) => !mode || mode === kind;
  // What is typed is looked for in all titles; without it, the newest.
  const typed = useDeferredValue(text.replace(/^[>#@!]\s*/, "").trim().toLowerCase());
  const filter = typed.length >= 3 && !/^(alert|inc)-?\d+$/.test(typed) ? `title.lowerAscii().contains(${JSON.stringify(typed)})` : undefined;
  const incidents = useQuery({ queryKey: ["incidents", "palette", filter], queryFn: () => api("GET /incidents", { query: { limit: 30, filter } }), enabled: shows("#"), placeholderData: (old) => old });
  const alerts = useQuery({ queryKey: ["alerts", "palette", filter], queryFn: () => api("GET /alerts", { query: filter ? { limit: 30, filter } : { limit: 30, status: ["triggered", "acknowledged"] } }), enabled: !mode, placeholderData: (old) => old });
  const people = useQuery({ ...namesQuery("users"), enabled: shows("@") });
  const services = useQuery({ ...namesQuery("services"), enabled: shows("!") });
  const number = /^(alert|inc)-?(\d+)$/i.exec(text.trim());

  const go = (to: string) => {
    onClose();
    navigate({ to: to as "/" });
  };
  const act = (run: () => void) => () => {
    onClose();
    run();
  };
  const Item = ({ value, children, onSelect }: { value: string; children: ReactNode; onSelect: () => void }) => (
    <Command.Item value={value} onSelect={onSelect} className={ITEM}>
      {children}
    </Command.Item>
  );

  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/45" />
        <Radix.Content aria-describedby={undefined} data-modal className="appear fixed top-[12vh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-xl border border-line bg-raised shadow-2xl">
          <Radix.Title className="sr-only">Find or do</Radix.Title>
          <Command label="Find or do" loop filter={fitness}>
            <Command.Input autoFocus value={text} onValueChange={setText} placeholder="Find or do…   > actions   # incidents   @ people   ! services" className="h-12 w-full border-b border-line bg-transparent px-4 text-base text-ellipsis outline-none" />
            <Command.List className="max-h-[50vh] overflow-y-auto p-1.5">
              <Command.Empty className="px-4 py-8 text-center text-quiet">Nothing is called “{text}”.</Command.Empty>
              {number && (
                <Command.Group heading="By number" className={GROUP} forceMount>
                  <Item value={text} onSelect={() => go(`/${number[1]!.toLowerCase() === "inc" ? "incidents" : "alerts"}/${number[1]!.toUpperCase()}-${number[2]}`)}>
                    Open {number[1]!.toUpperCase()}-{number[2]}
                  </Item>
                </Command.Group>
              )}
              {shows(">") && (
                <Command.Group heading="Do" className={GROUP}>
                  <Item value="declare incident" onSelect={() => openOver("declare")}>
                    Declare an incident
                  </Item>
                  <Item value="connect source integration add" onSelect={() => go("/integrations/new")}>
                    Connect a source of alerts
                  </Item>
                  <Item value="new rule add" onSelect={() => go("/rules/new")}>
                    New rule
                  </Item>
                  <Item value="new silence mute quiet" onSelect={() => go("/quiet/silences?edit=new")}>
                    New silence
                  </Item>
                  <Item value="new maintenance window plan" onSelect={() => go("/quiet/maintenance?edit=new")}>
                    New maintenance window
                  </Item>
                  <Item value="new inhibition rule" onSelect={() => go("/quiet/inhibition?edit=new")}>
                    New inhibition rule
                  </Item>
                  <Item value="new heartbeat dead man's switch" onSelect={() => go("/heartbeats?edit=new")}>
                    New heartbeat
                  </Item>
                  <Item value="theme dark" onSelect={act(() => choose("theme", "dark"))}>
                    Dark theme
                  </Item>
                  <Item value="theme light" onSelect={act(() => choose("theme", "light"))}>
                    Light theme
                  </Item>
                  <Item value="keys shortcuts help" onSelect={() => openOver("keys")}>
                    Show the keys
                  </Item>
                </Command.Group>
              )}
              {!mode && (
                <Command.Group heading="Go to" className={GROUP}>
                  {[
                    ["Home", "/"],
                    ["Alerts", "/alerts"],
                    ["Incidents", "/incidents"],
                    ["What belongs together", "/suggestions"],
                    ["Quiet now", "/quiet"],
                    ["Held, and then an incident", "/quiet/report"],
                    ["Silences", "/quiet/silences"],
                    ["Maintenance windows", "/quiet/maintenance"],
                    ["Inhibition rules", "/quiet/inhibition"],
                    ["Heartbeats", "/heartbeats"],
                    ["On call", "/on-call"],
                    ["Covers, swaps", "/on-call/covers"],
                    ["On-call report: hours, pages, fairness", "/on-call/report"],
                    ["Readiness: would they hear it", "/on-call/readiness"],
                    ["My contact methods, absences, calendars, quiet hours", "/on-call/me"],
                    ["Integrations", "/integrations"],
                    ["Rules", "/rules"],
                    ["Services", "/settings/services"],
                    ["Teams", "/settings/teams"],
                    ["People", "/settings/users"],
                    ["Escalation policies", "/settings/escalation-policies"],
                    ["Provider accounts", "/settings/connectors"],
                    ["API keys", "/settings/api-keys"],
                  ].map(([label, to]) => (
                    <Item key={to} value={`go to ${label}`} onSelect={() => go(to!)}>
                      {label}
                    </Item>
                  ))}
                </Command.Group>
              )}
              {shows("#") && !!incidents.data?.items.length && (
                <Command.Group heading="Incidents" className={GROUP}>
                  {incidents.data.items.map((i) => (
                    <Item key={i.id} value={`${i.number} ${i.title} ${i.id}`} onSelect={() => go(`/incidents/${i.number}`)}>
                      <Severity of={i.severity} />
                      <span className="text-quiet">{i.number}</span>
                      <span className="foreign min-w-0 flex-1 truncate">{i.title}</span>
                      <IncidentStatus of={i.status} />
                    </Item>
                  ))}
                </Command.Group>
              )}
              {!mode && !!alerts.data?.items.length && (
                <Command.Group heading={filter ? "Alerts" : "Open alerts"} className={GROUP}>
                  {alerts.data.items.map((a) => (
                    <Item key={a.id} value={`${a.number} ${a.title} ${a.id}`} onSelect={() => go(`/alerts/${a.number}`)}>
                      <Priority of={a.priority} />
                      <span className="text-quiet">{a.number}</span>
                      <span className="foreign min-w-0 flex-1 truncate">{a.title}</span>
                    </Item>
                  ))}
                </Command.Group>
              )}
              {shows("@") && !!people.data?.length && (
                <Command.Group heading="People" className={GROUP}>
                  {people.data.map((p) => (
                    <Item key={p.id} value={`${p.name} ${p.id}`} onSelect={() => go(`/settings/users?edit=${p.id}`)}>
                      <Avatar name={p.name} id={p.id} /> {p.name}
                    </Item>
                  ))}
                </Command.Group>
              )}
              {shows("!") && !!services.data?.length && (
                <Command.Group heading="Services" className={GROUP}>
                  {services.data.map((s) => (
                    <Item key={s.id} value={`${s.name} ${s.id}`} onSelect={() => go(`/alerts?service=${s.id}`)}>
                      {s.name}
                    </Item>
                  ))}
                </Command.Group>
              )}
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
