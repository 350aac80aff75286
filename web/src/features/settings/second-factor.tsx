/* The second factor of my sign-in: an app that makes codes, and codes for the day on which the phone is gone. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, isProblem, type Problem } from "@/lib/api";
import { qr } from "@/lib/qr";
import { queryClient } from "@/lib/query";
import { fullTime } from "@/lib/time";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/form";
import { Badge } from "@/ui/marks";
import { Dialog } from "@/ui/overlay";
import { Card, Copyable, Failure, Rows, Skeleton } from "@/ui/parts";
import { toast } from "@/ui/toast";

const KEY = ["second-factor"];

export function SecondFactor() {
  const query = useQuery({ queryKey: KEY, queryFn: () => api("GET /me/second-factor") });
  const [over, setOver] = useState<"on" | "off">();
  const state = query.data;
  return (
    <Card title="Second factor">
      {query.isPending ? (
        <Rows count={1} />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : (
        state && (
          <div className="flex flex-wrap items-center gap-3">
            <div className="min-w-48 flex-1">
              <p className="flex items-center gap-2">
                {state.on ? <Badge tone="green">On</Badge> : <Badge>Off</Badge>}
                {state.on && state.since && <span className="text-quiet">since {fullTime(state.since)}</span>}
              </p>
              <p className="mt-1 text-quiet">
                {state.on ? `Your sign-in asks for a code of your app. ${state.recovery_codes_left} recovery codes are left.` : "With it a stolen password is not enough: your sign-in also asks for a code of an app on your phone."}
              </p>
              {state.on && state.recovery_codes_left < 3 && <p className="mt-1 text-amber">Few recovery codes are left. Switch it off and on again to get new ones.</p>}
            </div>
            <Button onClick={() => setOver(state.on ? "off" : "on")}>{state.on ? "Switch off" : "Set up"}</Button>
          </div>
        )
      )}
      {over === "on" && <SetUp onClose={() => setOver(undefined)} />}
      {over === "off" && <SwitchOff onClose={() => setOver(undefined)} />}
    </Card>
  );
}

function Code({ label, problem, value, onChange, autoFocus }: { label: string; problem?: Problem; value: string; onChange: (value: string) => void; autoFocus?: boolean }) {
  return (
    <Field label={label} error={problem && (problem.at("/code") ?? problem.message)}>
      {(a) => <Input {...a} autoComplete="one-time-code" required autoFocus={autoFocus} maxLength={40} className="!w-48 tabular-nums" value={value} onChange={(e) => onChange(e.target.value)} />}
    </Field>
  );
}

function Picture({ text }: { text: string }) {
  const field = qr(text);
  const path = field.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x + 4} ${y + 4}h1v1h-1z`] : []))).join("");
  return (
    <svg viewBox={`0 0 ${field.length + 8} ${field.length + 8}`} role="img" aria-label="QR code for your authenticator app" className="size-44 shrink-0 rounded-md bg-white" shapeRendering="crispEdges">
      <path d={path} fill="#000" />
    </svg>
  );
}

function SetUp({ onClose }: { onClose: () => void }) {
  const begun = useQuery({ queryKey: [...KEY, "begin"], queryFn: () => api("POST /me/second-factor"), staleTime: Number.POSITIVE_INFINITY, gcTime: 0, retry: false });
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: () => api("POST /me/second-factor-confirm", { body: { code } }),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: KEY, exact: true }),
  });
  const codes = confirm.data?.recovery_codes;
  if (codes)
    return (
      <Dialog open onClose={onClose} title="Keep these recovery codes" sub="Each is good once, when your phone is gone. They are shown now only.">
        <ul className="grid grid-cols-2 gap-2 font-mono">
          {codes.map((one) => (
            <li key={one} className="rounded-md border border-line bg-ground px-3 py-1.5 text-center">
              {one}
            </li>
          ))}
        </ul>
        <div className="mt-4 flex justify-end gap-2">
          <Copyable text={codes.join("\n")} label="Copy all" />
          <Button look="primary" onClick={onClose}>
            I have them
          </Button>
        </div>
      </Dialog>
    );
  return (
    <Dialog open onClose={onClose} title="Set up a second factor" sub="Any authenticator app does: Aegis, FreeOTP, 1Password, Google Authenticator …">
      {begun.isError ? (
        <Failure error={begun.error} />
      ) : (
        <form
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            confirm.mutate();
          }}
          className="flex flex-col gap-4"
        >
          <div className="flex flex-wrap items-center gap-4">
            {begun.data ? <Picture text={begun.data.uri} /> : <Skeleton className="size-44" />}
            <div className="min-w-48 flex-1">
              <p>Scan this with the app. No camera? Type this into it:</p>
              <p className="mt-2 font-mono text-xs">{begun.data?.secret.replace(/(.{4})/g, "$1 ") ?? "…"}</p>
              {begun.data && (
                <a href={begun.data.uri} className="mt-2 inline-block text-accent-ink hover:underline">
                  Open it in an app on this device
                </a>
              )}
            </div>
          </div>
          <Code label="Then type the code that the app shows" problem={isProblem(confirm.error) ? confirm.error : undefined} value={code} onChange={setCode} />
          <p className="text-quiet">You are signed out everywhere else.</p>
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={confirm.isPending} disabled={!code.trim()}>
              Switch on
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

function SwitchOff({ onClose }: { onClose: () => void }) {
  const [code, setCode] = useState("");
  const off = useMutation({
    mutationFn: () => api("POST /me/second-factor-off", { body: { code } }),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: KEY });
      toast("Your sign-in asks for the password only");
      onClose();
    },
  });
  return (
    <Dialog open onClose={onClose} title="Switch the second factor off">
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          off.mutate();
        }}
        className="flex flex-col gap-4"
      >
        <Code label="A code of your app, or a recovery code" problem={isProblem(off.error) ? off.error : undefined} value={code} onChange={setCode} autoFocus />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="danger" busy={off.isPending} disabled={!code.trim()}>
            Switch off
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
