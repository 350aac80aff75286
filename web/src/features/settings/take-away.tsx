/* An admin's way out for somebody whose phone and recovery codes are gone. */
import { useState } from "react";
import { api } from "@/lib/api";
import { Button } from "@/ui/button";
import { toast, toastProblem } from "@/ui/toast";

export function TakeAwaySecondFactor({ id, name }: { id: string; name: string }) {
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      await api("DELETE /users/{id}/second-factor", { id });
      toast(`${name} signs in without a second factor now`, { detail: "Ask them to set up a new one." });
      setSure(false);
    } catch (error) {
      toastProblem("The second factor was not taken away", error);
    }
    setBusy(false);
  };
  return (
    <div className="mt-6 flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
      <p className="min-w-48 flex-1 text-quiet">{sure ? `From then on the password alone lets ${name} in. Are you sure that it is them who asked?` : "Phone and recovery codes are gone? The second factor can be taken away."}</p>
      {sure ? (
        <span className="flex gap-2">
          <Button onClick={() => setSure(false)}>Keep it</Button>
          <Button look="danger" busy={busy} onClick={go}>
            Take it away
          </Button>
        </span>
      ) : (
        <Button onClick={() => setSure(true)}>Take the second factor away</Button>
      )}
    </div>
  );
}
