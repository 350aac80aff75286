/* The stream of events: one per browser. The tab that holds the lock reads it and tells the others by BroadcastChannel;
 * when it closes, the next one takes over. Where there are no locks (plain HTTP), each tab reads its own.
 *
 * It is read from where it stood before anything was loaded, or from the last event that another tab told: what changes
 * between a list's answer and the stream's beginning comes, too.
 *
 * An event says what changed, not how: the changed things are asked for and put into the lists (onChanged), or queries of
 * that kind are asked again; at once and then at most once a second, so that a storm costs as much as one change. */
import { loadedAt } from "./api";
import { queryClient } from "./query";

export type StreamState = "connecting" | "open" | "lost";
interface Change {
  kind: string;
  id: string;
}
type Message = { state: StreamState } | { changes: Change[]; at: string } | { reset: true } | { hello: true };

/* Names of resources to the first part of their query keys; a change of one shows in others, too. */
const KEYS: Record<string, string[]> = {
  alert: ["alerts", "quiet", "suggestions"],
  silence: ["silences", "quiet"],
  maintenance_window: ["maintenance-windows", "quiet"],
  inhibition_rule: ["inhibition-rules", "quiet"],
  heartbeat: ["heartbeats"],
  job: ["jobs"],
  incident: ["incidents"],
  page: ["pages", "handoffs"],
  notification: ["notifications"],
  request: ["requests"],
  timeline_entry: ["timeline"],
  service: ["services"],
  team: ["teams"],
  user: ["users", "on-call"],
  integration: ["integrations"],
  alert_rule: ["alert-rules"],
  schedule: ["schedules", "on-call", "handoffs"],
  schedule_override: ["schedules", "overrides", "on-call", "handoffs"],
  schedule_block: ["schedule-blocks", "schedules", "on-call", "handoffs"],
  holiday_calendar: ["holiday-calendars", "schedules", "on-call", "handoffs"],
  cover_request: ["cover-requests", "on-call"],
  absence: ["absences", "cover-requests", "schedules", "on-call", "handoffs"],
  calendar_feed: ["calendar-feeds"],
  escalation_policy: ["escalation-policies"],
  contact_method: ["contact-methods", "on-call"],
  notification_rule: ["notification-rules", "on-call"],
  api_key: ["api-keys"],
  organization: ["organizations"],
  change: ["changes"],
  saved_view: ["saved-views"],
  connector: ["connectors", "channels"],
};

const EVERY_MS = 1000;
let state: StreamState = "connecting";
let at = ""; // the last event's id
const watchers = new Set<() => void>();
const waiting = new Set<string>();
const waitingIds = new Map<string, Set<string>>(); // of kinds that know how to put a change into their lists
const patches = new Map<string, (ids: string[]) => Promise<void>>();

/* Lists of this kind (keys [plural, "list", …]) are not asked again: `patch` puts the changed ones into them. */
export function onChanged(kind: string, patch: (ids: string[]) => Promise<void>) {
  patches.set(kind, patch);
}
const patched = (key: string) => [...patches.keys()].some((kind) => KEYS[kind]?.[0] === key);
let timer: ReturnType<typeof setTimeout> | undefined;
let last = 0;
let channel: BroadcastChannel | undefined;
let stop: (() => void) | undefined;

export const streamState = () => state;
export function watchStream(watcher: () => void) {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

function setState(next: StreamState) {
  if (next === state) return;
  const cameBack = state === "lost" && next === "open";
  state = next;
  for (const watcher of watchers) watcher();
  if (cameBack) queryClient.invalidateQueries();
}

function flush() {
  timer = undefined;
  last = Date.now();
  const keys = [...waiting];
  waiting.clear();
  for (const key of keys) void queryClient.invalidateQueries({ queryKey: [key], predicate: (query) => !(query.queryKey[1] === "list" && patched(key)) });
  for (const [kind, ids] of waitingIds) void patches.get(kind)?.([...ids]).catch(() => queryClient.invalidateQueries({ queryKey: KEYS[kind]!.slice(0, 1) }));
  waitingIds.clear();
}

function changed(changes: Change[]) {
  for (const change of changes) {
    for (const key of KEYS[change.kind] ?? []) waiting.add(key);
    if (patches.has(change.kind)) waitingIds.set(change.kind, (waitingIds.get(change.kind) ?? new Set()).add(change.id));
    // What happened to a thing stands in its timeline; requests come with the alerts that they make.
    if (change.kind === "alert") waiting.add("requests").add("integrations");
    if (change.kind === "alert" || change.kind === "incident") waiting.add("timeline");
  }
  if (waiting.size && !timer) timer = setTimeout(flush, Math.max(0, last + EVERY_MS - Date.now()));
}

function receive(message: Message) {
  if ("changes" in message) {
    if (message.at) at = message.at;
    changed(message.changes);
  } else if ("reset" in message) queryClient.invalidateQueries();
  else if ("state" in message) setState(message.state);
}

function tell(message: Message) {
  receive(message);
  channel?.postMessage(message);
}

function read(): () => void {
  const from = at || loadedAt();
  const source = new EventSource(`/api/v1/stream${from ? `?last_event_id=${from}` : ""}`);
  source.onopen = () => tell({ state: "open" });
  source.onerror = () => tell({ state: "lost" }); // the browser tries again, with Last-Event-ID
  source.addEventListener("change", (event) => {
    const { data, lastEventId } = event as MessageEvent<string>;
    tell({ changes: [JSON.parse(data) as Change], at: lastEventId });
  });
  source.addEventListener("reset", () => tell({ reset: true }));
  if (channel) channel.onmessage = (event: MessageEvent<Message>) => "hello" in event.data && channel?.postMessage({ state });
  const retry = setInterval(() => {
    if (source.readyState !== EventSource.CLOSED) return;
    stop?.(); // refused for good: begin anew
    startStream();
  }, 5000);
  return () => {
    clearInterval(retry);
    source.close();
  };
}

export function startStream() {
  const leaving = new AbortController();
  if ("BroadcastChannel" in globalThis) {
    channel = new BroadcastChannel("tocsin");
    channel.onmessage = (event: MessageEvent<Message>) => receive(event.data);
    channel.postMessage({ hello: true });
  }
  let close: (() => void) | undefined;
  const mine = channel;
  stop = () => {
    leaving.abort();
    close?.();
    mine?.close();
    stop = undefined;
  };
  if (!navigator.locks) {
    channel = undefined;
    close = read();
    return;
  }
  navigator.locks
    .request("tocsin-stream", { signal: leaving.signal }, () => {
      close = read();
      return new Promise<void>((done) => leaving.signal.addEventListener("abort", () => done()));
    })
    .catch(() => undefined); // aborted while waiting
}

export const stopStream = () => stop?.();
