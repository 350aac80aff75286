/* What each kind of entry says, in words: behind the name of who did it, or alone. */
import { ArrowUpRight, Bell, BellRing, Check, CircleDot, Clock, Eye, Flame, type LucideIcon, Megaphone, MessageSquare, Pencil, RotateCcw, Split, TriangleAlert, Users } from "lucide-react";
import type { TimelineEntry } from "@/lib/api";
import { hourMinute } from "@/lib/time";
import { words } from "@/ui/marks";

export type Data = Record<string, unknown>;
export const str = (value: unknown) => (typeof value === "string" || typeof value === "number" ? String(value) : "");
const names = (value: unknown) => (Array.isArray(value) ? value.map(str).filter(Boolean).join(", ") : str(value));

const who = (value: unknown): string => (typeof value === "object" && value !== null ? str((value as Data).name) : str(value));
const alert = (d: Data) => [str(d.alert), str(d.title)].filter(Boolean).join(" ");
const until = (d: Data) => (d.until ? ` until ${hourMinute(str(d.until))}` : "");

/* What was done, behind the name of who did it; `alone`: a sentence of its own. */
export interface Kind {
  icon: LucideIcon;
  tell: (data: Data) => string;
  alone?: boolean;
}
export const KINDS: Record<string, Kind> = {
  created: { icon: TriangleAlert, tell: () => "reported this" },
  declared: { icon: Flame, tell: () => "declared the incident" },
  paged: { icon: BellRing, tell: (d) => `paged ${names(d.users) || "nobody"}${d.level ? ` (level ${str(d.level)})` : ""}` },
  page_unreachable: { icon: BellRing, tell: (d) => `could not tell ${names(d.users) || "anybody"}${d.level ? ` (level ${str(d.level)})` : ""}: no message got through` },
  page_nobody: { icon: BellRing, tell: () => "found nobody to page" },
  page_exhausted: { icon: BellRing, tell: () => "paged everybody; nobody answered" },
  page_started_again: { icon: BellRing, tell: () => "starts paging again: nobody has answered" },
  page_restarted: { icon: BellRing, tell: () => "had the paging start again" },
  page_became_urgent: { icon: BellRing, tell: () => "made the page urgent" },
  escalated_by_hand: { icon: ArrowUpRight, tell: () => "had the next level paged" },
  escalate: { icon: ArrowUpRight, tell: () => "had the next level paged" },
  acknowledgement_timed_out: { icon: BellRing, tell: () => "pages again: the acknowledgement is too old" },
  acknowledge: { icon: Eye, tell: () => "acknowledged" },
  acknowledged: { icon: Eye, tell: () => "acknowledged" },
  unacknowledge: { icon: RotateCcw, tell: () => "handed it back" },
  resolve: { icon: Check, tell: () => "resolved it" },
  resolved: { icon: Check, tell: () => "resolved it" },
  closed: { icon: Check, tell: () => "closed it" },
  reopen: { icon: RotateCcw, tell: () => "opened it again" },
  reopened: { icon: RotateCcw, tell: (d) => (d.still_acknowledged_by ? `opened it again soon after it was acknowledged: the acknowledgement of ${str(d.still_acknowledged_by)} stands` : "opened it again") },
  dismiss: { icon: Check, tell: () => "dismissed it" },
  snooze: { icon: Clock, tell: (d) => `snoozed it${d.for_me ? " for themselves" : ""}${until(d)}` },
  unsnooze: { icon: Bell, tell: () => "ended their own snooze" },
  snooze_ended: { icon: Bell, tell: (d) => `told again: ${who(d.users)} had snoozed it` },
  hold_ended: { icon: Bell, tell: () => "ended the silence" },
  assigned: { icon: Users, tell: (d) => `gave it to ${who(d.to ?? d.user)}` },
  note: { icon: MessageSquare, tell: () => "wrote" },
  status_update: { icon: Megaphone, tell: () => "said" },
  status: { icon: CircleDot, tell: (d) => `moved it to ${words(str(d.to))}` },
  severity: { icon: CircleDot, tell: (d) => `made it SEV${str(d.to)} (was SEV${str(d.from)})` },
  priority: { icon: CircleDot, tell: (d) => `made it ${str(d.to).toUpperCase()}` },
  title: { icon: Pencil, tell: (d) => `renamed it to “${str(d.to)}”` },
  services: { icon: Pencil, tell: () => "changed the services" },
  role: { icon: Users, tell: (d) => (d.to ? `made ${who(d.to)} ${str(d.role)}` : `took the role of ${str(d.role)} from ${who(d.from)}`) },
  edited: { icon: Pencil, tell: (d) => `changed ${Object.keys(d).map((k) => k.replace(/_ids?$/, "").replaceAll("_", " ")).join(", ") || "it"}` },
  alert_joined: { icon: Bell, alone: true, tell: (d) => `Alert joined: ${alert(d)}` },
  alert_reopened: { icon: Bell, alone: true, tell: (d) => `Alert opened again: ${alert(d)}` },
  alert_resolved: { icon: Check, alone: true, tell: (d) => `Alert resolved: ${alert(d)}` },
  last_alert_resolved: { icon: Check, alone: true, tell: (d) => `The last open alert is resolved: ${alert(d)}` },
  joined: { icon: Users, tell: (d) => (who(d.user) ? `added ${who(d.user)}` : "joined") },
  left: { icon: Users, tell: () => "left" },
  merged: { icon: Split, tell: (d) => `merged it into ${str(d.into ?? d.number)}` },
  merged_from: { icon: Split, tell: (d) => `merged ${str(d.from ?? d.number)} into it` },
  related: { icon: Split, tell: () => "related it to another" },
};

export const isNoise = (entry: TimelineEntry) => entry.actor?.kind !== "user" && !entry.key_event && !text(entry);
export const text = (entry: TimelineEntry) => str((entry.data as Data | null)?.text ?? (entry.data as Data | null)?.note);


/* The whole of it without marks: for exports. */
export function sentenceOf(entry: TimelineEntry): string {
  const kind = KINDS[entry.kind ?? ""];
  const tell = kind?.tell((entry.data ?? {}) as Data) ?? words(entry.kind).toLowerCase();
  return kind?.alone ? tell : `${entry.actor?.name ?? "Tocsin"} ${tell}`;
}

/* What an entry is about, as the filter has it. */
export type About = "people" | "paging" | "alerts";
export function about(entry: TimelineEntry): About | undefined {
  const kind = entry.kind ?? "";
  if (/^(page|paged|escalat|acknowledgement_timed)/.test(kind)) return "paging";
  if (/alert/.test(kind)) return "alerts";
  return entry.actor?.kind === "user" ? "people" : undefined;
}
