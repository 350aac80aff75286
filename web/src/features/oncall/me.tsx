/* How I am reached: contact methods that prove themselves, and in which order they are used. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { BellRing, Plus, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { Absences } from "@/features/covers/absences";
import { api } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { useMe } from "@/lib/query";
import { Button } from "@/ui/button";
import { Card, Empty, Failure, PageHead, Rows } from "@/ui/parts";
import { channelsQuery, doing, methodsQuery, notifyRulesQuery, unreached } from "./api";
import { Feeds } from "./feeds";
import { AddMethod, Method } from "./methods";
import { Personal } from "./personal";
import { Steps } from "./steps";

export default function MyMethods() {
  useTitle("My contact methods");
  const me = useMe();
  const [adding, setAdding] = useState(false);
  const methods = useQuery(methodsQuery(me?.id));
  const rules = useQuery(notifyRulesQuery(me?.id));
  const items = methods.data?.items ?? [];
  const channels = useQuery(channelsQuery).data?.items;
  const why = unreached(methods.data?.items, rules.data?.items, channels);
  const used = new Set(rules.data?.items.flatMap((rule) => rule.steps?.flatMap((step) => step.contact_method_ids) ?? []));
  const pageMe = () =>
    doing("You were not paged", () => api("POST /pages", { body: { targets: [{ kind: "user", id: me!.id }] as never, message: "A test of my contact methods", urgency: "high" } }), "You are being paged: acknowledge it, or it goes on");
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
        <Button onClick={pageMe} disabled={!me || !items.length || !!why} title="A page like any other, to you alone">
          <BellRing className="size-4" aria-hidden /> Page me
        </Button>
        <Button look="primary" onClick={() => setAdding(true)}>
          <Plus className="size-4" aria-hidden /> Add
        </Button>
      </PageHead>
      <div className="flex flex-col gap-4">
        {why && (
          <p role="status" className="flex items-center gap-2 rounded-lg bg-red-wash px-4 py-3 text-red">
            <TriangleAlert className="size-4 shrink-0" aria-hidden />
            <span>
              <strong className="font-semibold">An urgent page does not reach you.</strong> {why}
            </span>
          </p>
        )}
        <Card title="Methods" flush>
          {methods.isPending ? (
            <Rows count={2} />
          ) : methods.isError ? (
            <Failure error={methods.error} retry={() => methods.refetch()} />
          ) : items.length === 0 ? (
            <Empty title="Nothing reaches you" action={<Button onClick={() => setAdding(true)}>Add a contact method</Button>}>
              Without one a page cannot find you.
            </Empty>
          ) : (
            <ul className="divide-y divide-line">
              {items.map((method) => (
                <Method key={method.id} method={method} used={used.has(method.id) || !rules.data} />
              ))}
            </ul>
          )}
        </Card>
        {rules.isError ? (
          <Failure error={rules.error} retry={() => rules.refetch()} />
        ) : (
          (["high", "low"] as const).map((urgency) => {
            const rule = rules.data?.items.find((one) => one.urgency === urgency);
            return (
              <Card key={urgency} title={urgency === "high" ? "When it is urgent" : "When it can wait"}>
                {rules.isPending || methods.isPending || !me ? <Rows count={2} /> : <Steps key={rule?.version} user={me.id} urgency={urgency} rule={rule} methods={items} />}
              </Card>
            );
          })
        )}
        <Personal />
        <Absences />
        <Feeds />
      </div>
      {adding && me && <AddMethod user={me.id} rules={rules.data?.items ?? []} onClose={() => setAdding(false)} />}
    </div>
  );
}
