/* One suggestion, with its reason and what one may say to it; and those of one alert. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Check, X } from "lucide-react";
import { useCan } from "@/lib/query";
import { Button } from "@/ui/button";
import { Status } from "@/ui/marks";
import { answer, draftRule, type Suggestion, suggestionsOf } from "./api";

function Name({ number, title, status }: { number: string; title: string; status: string }) {
  return (
    <Link to="/alerts/$id" params={{ id: number }} search={{}} className="flex min-h-7 min-w-0 items-center gap-2 font-medium hover:underline">
      <Status of={status} />
      <span className="shrink-0 font-normal text-quiet tabular-nums">{number}</span>
      <span className="foreign min-w-0 truncate">{title}</span>
    </Link>
  );
}

/* `seen`: the one that is on the screen anyway. */
export function SuggestionView({ of, seen }: { of: Suggestion; seen?: string }) {
  const may = useCan("alerts", "correlate");
  const mayRule = useCan("alert-rules", "create");
  const navigate = useNavigate();
  const draft = async () => {
    const id = await draftRule(of.alert_id, of.other_id);
    if (id) void navigate({ to: "/rules/$id", params: { id } });
  };
  return (
    <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
      <div className="flex min-w-56 flex-1 flex-col gap-1">
        {of.alert_id !== seen && <Name number={of.alert_number} title={of.alert_title} status={of.alert_status} />}
        {of.other_id !== seen && <Name number={of.other_number} title={of.other_title} status={of.other_status} />}
        <p className="foreign text-quiet">
          <span className="font-medium text-ink tabular-nums" title={`text ${of.text}, time ${of.time}, services ${of.graph}`}>
            {of.score} of 100
          </span>
          : {of.because}
        </p>
      </div>
      {may && (
        <div className="flex items-center gap-1.5">
          <Button small onClick={() => answer("correlate", of.alert_id, of.other_id)}>
            <Check className="size-3.5" aria-hidden /> Together
          </Button>
          <Button small onClick={() => answer("uncorrelate", of.alert_id, of.other_id)}>
            <X className="size-3.5" aria-hidden /> Not
          </Button>
          {mayRule && (
            <Button small look="quiet" onClick={draft}>
              Draft a rule
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

export function Together({ alertId }: { alertId: string }) {
  const query = useQuery(suggestionsOf(alertId));
  const may = useCan("alerts", "uncorrelate");
  const items = query.data?.items ?? [];
  const put = query.data?.correlated ?? [];
  if (!items.length && !put.length) return null;
  return (
    <section aria-label="Belongs together">
      <h3 className="mb-2 font-semibold">Belongs together</h3>
      <ul className="flex flex-col gap-3">
        {put.map((one) => (
          <li key={one.alert_id} className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="min-w-40 flex-1">
              <Name number={one.number} title={one.title} status={one.status} />
            </span>
            <span className="text-quiet">says {one.by.name}</span>
            {may && (
              <Button small look="quiet" onClick={() => answer("uncorrelate", alertId, one.alert_id)}>
                Take back
              </Button>
            )}
          </li>
        ))}
        {items.map((one) => (
          <li key={`${one.alert_id}-${one.other_id}`} className="rounded-md border border-line p-3">
            <SuggestionView of={one} seen={alertId} />
          </li>
        ))}
      </ul>
    </section>
  );
}
