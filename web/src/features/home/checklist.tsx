/* The first steps, true to what is there: each is done, skipped or waits. Gone when none is left or when it was put away. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, Circle, Radio, X } from "lucide-react";
import { openOver } from "@/app/shell";
import { api } from "@/lib/api";
import { useKept } from "@/lib/hooks";
import { namesQuery, useMe } from "@/lib/query";
import { IconButton } from "@/ui/button";
import { doing, useUnreached } from "../oncall/api";

interface Step {
  name: string;
  text: string;
  done: boolean;
  waits?: string; // it is under way
  to?: string;
  act?: () => void;
}

export function Checklist() {
  const [state, setState] = useKept<"open" | "away">("checklist", "open");
  const [skipped, setSkipped] = useKept<string>("checklist.skipped", "");
  const open = state === "open";
  const me = useMe();
  const integrations = useQuery({ queryKey: ["integrations", "home"], queryFn: () => api("GET /integrations", { query: { limit: 200 } }), enabled: open });
  const users = useQuery({ ...namesQuery("users"), enabled: open });
  const schedules = useQuery({ ...namesQuery("schedules"), enabled: open });
  const incidents = useQuery({ queryKey: ["incidents", "any"], queryFn: () => api("GET /incidents", { query: { limit: 1 } }), enabled: open });
  const told = useQuery({ queryKey: ["notifications", "any", me?.id], queryFn: () => api("GET /notifications", { query: { user_id: me!.id, limit: 1 } }), enabled: open && !!me });
  const unreached = useUnreached();
  if (!open || !me || !integrations.data || !users.data || !schedules.data || !incidents.data || !told.data) return null;
  const sources = integrations.data.items;
  const quiet = sources.find((one) => !one.last_request_at);
  const heard = sources.some((one) => one.last_request_at);
  const pageMe = () =>
    void doing("You were not paged", () => api("POST /pages", { body: { targets: [{ kind: "user", id: me.id }] as never, message: "The first page: acknowledge it", urgency: "high" } }), "You are being paged: acknowledge it, or it goes on");
  const steps: Step[] = [
    { name: "source", text: "Connect a source of alerts", done: heard, waits: !heard && quiet ? `${quiet.name}: waiting for the first event` : undefined, to: quiet ? `/integrations/${quiet.id}` : "/integrations/new" },
    { name: "reach", text: "Say how you are reached, and prove it", done: !unreached, to: "/on-call/me" },
    { name: "people", text: "Add the people who answer", done: users.data.length > 1, to: "/settings/users" },
    { name: "schedule", text: "Make the first on-call schedule", done: schedules.data.length > 0, to: "/settings/schedules" },
    { name: "page", text: "Page yourself", done: told.data.items.length > 0, ...(unreached ? { to: "/on-call/me" } : { act: pageMe }) },
    { name: "incident", text: "Declare a test incident", done: incidents.data.items.length > 0, act: () => openOver("declare") },
  ];
  const away = skipped.split(",");
  const left = steps.filter((step) => !step.done && !away.includes(step.name)).length;
  if (left === 0) return null;
  return (
    <section aria-label="First steps" className="mb-4 rounded-lg border border-accent bg-surface p-4">
      <div className="mb-2 flex items-center gap-2">
        <h2 className="flex-1 font-semibold">First steps</h2>
        <span className="text-quiet">
          {steps.length - left} of {steps.length} done
        </span>
        <IconButton small label="Put the first steps away" onClick={() => setState("away")}>
          <X className="size-4" aria-hidden />
        </IconButton>
      </div>
      <ol className="grid gap-x-6 gap-y-1 sm:grid-cols-2">
        {steps.map((step) => (
          <Item key={step.name} step={step} skipped={away.includes(step.name)} onSkip={() => setSkipped([...away.filter(Boolean), step.name].join(","))} />
        ))}
      </ol>
    </section>
  );
}

function Item({ step, skipped, onSkip }: { step: Step; skipped: boolean; onSkip: () => void }) {
  const link = "font-medium text-accent-ink hover:underline";
  if (step.done || skipped)
    return (
      <li className="flex h-8 items-center gap-2">
        {step.done ? <Check className="size-4 shrink-0 text-green" aria-label="Done" /> : <Circle className="size-4 shrink-0 text-quiet" aria-label="Skipped" />}
        <span className="truncate text-quiet line-through">{step.text}</span>
      </li>
    );
  return (
    <li className="group flex h-8 items-center gap-2">
      {step.waits ? <Radio className="size-4 shrink-0 animate-pulse text-accent-ink" aria-label="Waiting" /> : <Circle className="size-4 shrink-0 text-quiet" aria-label="To do" />}
      <span role={step.waits ? "status" : undefined} className="min-w-0 flex-1 truncate">
        {step.to ? (
          <Link to={step.to as "/"} className={link}>
            {step.waits ?? step.text}
          </Link>
        ) : (
          <button type="button" onClick={step.act} className={link}>
            {step.text}
          </button>
        )}
      </span>
      <button type="button" onClick={onSkip} aria-label={`Skip: ${step.text}`} className="text-xs text-quiet hover:underline">
        Skip
      </button>
    </li>
  );
}
