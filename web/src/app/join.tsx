/* Where the link of an invitation leads: set a password, and be in. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { isProblem, Problem, send } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/form";
import { Bell } from "./logo";

export function JoinPage({ token }: { token: string }) {
  useTitle("Set your password");
  const who = useQuery({ queryKey: ["join", token], queryFn: () => send("POST", "/api/v1/join/look", { token }) as Promise<{ name: string; email: string }>, staleTime: Number.POSITIVE_INFINITY });
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await send("POST", "/api/v1/join", { token, password });
      location.assign("/"); // who has a second factor is asked to sign in there
    } catch (error) {
      setProblem(isProblem(error) ? error : new Problem(0, "unknown", String(error)));
      setBusy(false);
    }
  }
  const over = isProblem(who.error) ? who.error : undefined;
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center p-4">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center justify-center gap-3">
          <Bell className="size-9" />
          <h1 className="text-xl font-semibold tracking-tight">{who.data ? `Welcome, ${who.data.name}` : "Welcome to Tocsin"}</h1>
        </div>
        <div className="min-h-52 rounded-xl border border-line bg-surface p-6 shadow-sm">
          {over && (
            <div role="alert" className="flex flex-col gap-4">
              <p>{over.message}</p>
              <Button asChild>
                <a href="/">To sign-in</a>
              </Button>
            </div>
          )}
          {who.data && (
            <form onSubmit={submit} className="flex flex-col gap-4">
              <Field label="E-mail">{(a) => <Input {...a} type="email" autoComplete="username" readOnly value={who.data.email} />}</Field>
              <Field label="Your password" hint="At least 10 characters." error={problem?.at("/password") ?? (problem && problem.message)}>
                {(a) => <Input {...a} type="password" autoComplete="new-password" required autoFocus value={password} onChange={(e) => setPassword(e.target.value)} />}
              </Field>
              <Button type="submit" look="primary" busy={busy} className="!h-10">
                Set it and sign in
              </Button>
            </form>
          )}
        </div>
      </div>
    </main>
  );
}
