/* How I am reached: contact methods, and in which order they are used. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { BellRing, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, type ContactMethod } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { queryClient, useMe } from "@/lib/query";
import { duration } from "@/lib/time";
import { Button, IconButton } from "@/ui/button";
import { Badge, words } from "@/ui/marks";
import { Dialog } from "@/ui/overlay";
import { Card, Empty, Failure, PageHead, Rows } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";
import { GeneratedForm } from "../settings/generated-form";

export default function MyMethods() {
  useTitle("My contact methods");
  const me = useMe();
  const [adding, setAdding] = useState(false);
  const methods = useQuery({ queryKey: ["contact-methods", me?.id], queryFn: () => api("GET /contact-methods", { query: { user_id: me!.id, limit: 100 } }), enabled: !!me });
  const rules = useQuery({ queryKey: ["notification-rules", me?.id], queryFn: () => api("GET /notification-rules", { query: { user_id: me!.id } as never }), enabled: !!me });
  const items = methods.data?.items ?? [];
  const label = (id: string) => {
    const method = items.find((one) => one.id === id);
    return method ? `${words(method.kind)} ${method.address}` : "…";
  };
  const remove = async (method: ContactMethod) => {
    try {
      await api("DELETE /contact-methods/{id}", { id: method.id });
      toast("Removed");
    } catch (error) {
      toastProblem("That was not removed", error);
    }
    queryClient.invalidateQueries({ queryKey: ["contact-methods"] });
  };
  const pageMe = async () => {
    try {
      await api("POST /pages", { body: { targets: [{ kind: "user", id: me!.id }] as never, message: "A test of my contact methods", urgency: "high" } });
      toast("Your phone should ring now", { detail: "This is a page like any other: answer it, or it goes on." });
    } catch (error) {
      toastProblem("You were not paged", error);
    }
  };
  return (
    <div className="mx-auto max-w-3xl">
      <PageHead
        title="My contact methods"
        sub={
          <Link to="/on-call" className="hover:underline">
            On call
          </Link>
        }
      >
        <Button onClick={pageMe} disabled={!me || !items.length}>
          <BellRing className="size-4" aria-hidden /> Page me
        </Button>
        <Button look="primary" onClick={() => setAdding(true)}>
          <Plus className="size-4" aria-hidden /> Add
        </Button>
      </PageHead>
      <div className="flex flex-col gap-4">
        <Card title="Methods" flush>
          {methods.isPending ? (
            <Rows count={2} />
          ) : methods.isError ? (
            <Failure error={methods.error} retry={() => methods.refetch()} />
          ) : items.length === 0 ? (
            <Empty title="Nothing reaches you">Add at least one method, or a page cannot find you.</Empty>
          ) : (
            <ul className="divide-y divide-line">
              {items.map((method) => (
                <li key={method.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
                  <span className="w-20 font-medium">{words(method.kind)}</span>
                  <span className="foreign min-w-40 flex-1">
                    {method.address} {method.label && <span className="text-quiet">({method.label})</span>}
                  </span>
                  <Badge tone={method.verified ? "green" : "amber"}>{method.verified ? "Verified" : "Not verified"}</Badge>
                  {method.broken && <Badge tone="red">{method.broken}</Badge>}
                  <IconButton small label={`Remove ${method.address}`} onClick={() => remove(method)}>
                    <Trash2 className="size-4" aria-hidden />
                  </IconButton>
                </li>
              ))}
            </ul>
          )}
        </Card>
        <div className="grid gap-4 sm:grid-cols-2">
          {(["high", "low"] as const).map((urgency) => {
            const rule = rules.data?.items.find((one) => one.urgency === urgency);
            return (
              <Card key={urgency} title={urgency === "high" ? "When it is urgent" : "When it can wait"}>
                {rules.isPending ? (
                  <Rows count={2} />
                ) : rule?.steps?.length ? (
                  <ol className="flex flex-col gap-2">
                    {rule.steps.map((step, i) => (
                      <li key={i}>
                        <p className="text-xs text-quiet">{step.delay_s ? `after ${duration(step.delay_s * 1000)}` : "at once"}</p>
                        {step.contact_method_ids.map((id) => (
                          <p key={id} className="foreign font-medium">
                            {label(id)}
                          </p>
                        ))}
                      </li>
                    ))}
                  </ol>
                ) : (
                  <p className="text-quiet">No steps: such a page does not reach you.</p>
                )}
              </Card>
            );
          })}
        </div>
      </div>
      {adding && me && (
        <Dialog open onClose={() => setAdding(false)} title="New contact method">
          <GeneratedForm form="ContactMethod" plural="contact-methods" fixed={{ user_id: me.id }} only={["kind", "address", "label"]} onDone={() => setAdding(false)} />
        </Dialog>
      )}
    </div>
  );
}
