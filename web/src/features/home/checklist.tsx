/* The first steps, true to what is there; gone when all are done or when it was put away. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, Circle, X } from "lucide-react";
import { openOver } from "@/app/shell";
import { api } from "@/lib/api";
import { useKept } from "@/lib/hooks";
import { namesQuery } from "@/lib/query";
import { IconButton } from "@/ui/button";

export function Checklist() {
  const [state, setState] = useKept<"open" | "away">("checklist", "open");
  const open = state === "open";
  const integrations = useQuery({ queryKey: ["integrations", "home"], queryFn: () => api("GET /integrations", { query: { limit: 200 } }), enabled: open });
  const users = useQuery({ ...namesQuery("users"), enabled: open });
  const schedules = useQuery({ ...namesQuery("schedules"), enabled: open });
  const incidents = useQuery({ queryKey: ["incidents", "any"], queryFn: () => api("GET /incidents", { query: { limit: 1 } }), enabled: open });
  if (!open || !integrations.data || !users.data || !schedules.data || !incidents.data) return null;
  const steps = [
    { done: integrations.data.items.some((one) => one.last_request_at), text: "Connect a source of alerts", to: "/integrations/new" },
    { done: users.data.length > 1, text: "Add the people who answer", to: "/settings/users" },
    { done: schedules.data.length > 0, text: "Make the first on-call schedule", to: "/settings/schedules" },
    { done: incidents.data.items.length > 0, text: "Declare a test incident", to: "" },
  ];
  const left = steps.filter((step) => !step.done).length;
  if (left === 0) return null;
  return (
    <section aria-label="First steps" className="mb-4 rounded-lg border border-accent bg-surface p-4">
      <div className="mb-2 flex items-center gap-2">
        <h2 className="flex-1 font-semibold">First steps</h2>
        <span className="text-quiet">{steps.length - left} of {steps.length} done</span>
        <IconButton small label="Put the first steps away" onClick={() => setState("away")}>
          <X className="size-4" aria-hidden />
        </IconButton>
      </div>
      <ol className="grid gap-2 sm:grid-cols-2">
        {steps.map((step) => (
          <li key={step.text} className="flex items-center gap-2">
            {step.done ? <Check className="size-4 text-green" aria-label="Done" /> : <Circle className="size-4 text-quiet" aria-label="To do" />}
            {step.done ? (
              <span className="text-quiet line-through">{step.text}</span>
            ) : step.to ? (
              <Link to={step.to as "/"} className="font-medium text-accent-ink hover:underline">
                {step.text}
              </Link>
            ) : (
              <button type="button" onClick={() => openOver("declare")} className="font-medium text-accent-ink hover:underline">
                {step.text}
              </button>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
