/* What the rules, as they are saved, do with a stored request: the same code that routes, and nothing is changed. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "@/lib/api";
import { namesQuery } from "@/lib/query";
import { dayName, timeOfDay } from "@/lib/time";
import { Button } from "@/ui/button";
import { Select } from "@/ui/form";
import { Priority } from "@/ui/marks";
import { Card, Failure } from "@/ui/parts";
import { type Run, RunView } from "../alerts/explanation";

interface Item {
  alert?: { title?: string; priority?: string | null };
  explanation?: Run;
}

export function Preview() {
  const sources = useQuery(namesQuery("integrations")).data ?? [];
  const [source, setSource] = useState("");
  const requests = useQuery({ queryKey: ["requests", "preview", source], queryFn: () => api("GET /requests", { query: { integration_id: source || undefined, limit: 20 } as never }) }).data?.items;
  const [request, setRequest] = useState("");
  const chosen = request || requests?.find((one) => one.alert_ids.length)?.id;
  const preview = useMutation({ mutationFn: () => api("POST /alert-rules/preview", { body: { request_id: chosen } }) });
  const items = (preview.data?.items ?? []) as Item[];
  return (
    <Card title="Preview">
      <div className="flex flex-col gap-3">
        <p className="text-quiet">What today's saved rules do with something that was really sent. Nothing is changed, nobody is paged.</p>
        <div className="flex flex-wrap gap-2">
          <Select
            aria-label="Source"
            className="!w-auto grow basis-36"
            value={source}
            onChange={(e) => {
              setSource(e.target.value);
              setRequest("");
            }}
          >
            <option value="">Any source</option>
            {sources.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </Select>
          <Select aria-label="Request" className="!w-auto grow basis-60" value={chosen ?? ""} onChange={(e) => setRequest(e.target.value)}>
            {!requests?.length && <option value="">Nothing was sent yet</option>}
            {requests?.map((one) => (
              <option key={one.id} value={one.id}>
                {dayName(one.received_at!)} {timeOfDay(one.received_at!)}, {one.alert_ids.length} {one.alert_ids.length === 1 ? "alert" : "alerts"}
              </option>
            ))}
          </Select>
          <Button onClick={() => preview.mutate()} disabled={!chosen} busy={preview.isPending}>
            Preview
          </Button>
        </div>
        {preview.isError && <Failure error={preview.error} />}
        {items.map((item, i) => (
          <section key={i} className="rounded-md border border-line p-3">
            <h3 className="mb-2 flex items-center gap-2 font-medium">
              <Priority of={item.alert?.priority ?? null} />
              <span className="foreign">{item.alert?.title ?? "Alert"}</span>
            </h3>
            {item.explanation && <RunView run={item.explanation} />}
          </section>
        ))}
        {preview.isSuccess && items.length === 0 && <p className="text-quiet">This request holds no alert.</p>}
      </div>
    </Card>
  );
}
