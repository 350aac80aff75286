import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { api, Problem, send } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/form";
import { Bell } from "./logo";

/* By another house: at the door the browser goes there and comes back to where it was; in the middle of something a
 * second tab goes, and this one, with what was typed in it, notices when it is looked at again. */
function Providers({ onDone, beside }: { onDone: () => void; beside: boolean }) {
  const providers = useQuery({ queryKey: ["sign-in-providers"], queryFn: () => api("GET /sign-in/providers"), staleTime: 60_000, retry: 1 }).data?.items ?? [];
  const queryClient = useQueryClient();
  const some = providers.length > 0;
  useEffect(() => {
    if (!beside || !some) return;
    const look = async () => {
      const there = await send("GET", "/api/v1/me").then(
        () => true,
        () => false,
      );
      if (!there) return;
      await queryClient.invalidateQueries();
      onDone();
    };
    window.addEventListener("focus", look);
    return () => window.removeEventListener("focus", look);
  }, [beside, some, onDone, queryClient]);
  if (!some) return null;
  const to = encodeURIComponent(beside ? "/" : location.pathname + location.search);
  return (
    <div className="flex flex-col gap-2">
      {providers.map((one) => (
        <Button key={one.id} asChild className="!h-10">
          <a href={`/sign-in/start/${one.id}?to=${to}`} {...(beside ? { target: "_blank", rel: "noopener" } : {})}>
            <span className="truncate">Sign in with {one.name}</span>
          </a>
        </Button>
      ))}
      <p className="my-2 flex items-center gap-3 text-xs text-quiet before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">or with a password</p>
    </div>
  );
}

/* Full page at the door; as a dialog's content when a session ended in the middle of something. */
export function SignInForm({ onDone, email: known = "" }: { onDone: () => void; email?: string }) {
  const queryClient = useQueryClient();
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string>(); // asked for after the password, of those who have a second factor
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await send("POST", "/api/v1/sign-in", { email, password, code });
      await queryClient.invalidateQueries();
      onDone();
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(0, "unknown", String(error));
      if (problem.at("/code")) setCode("");
      else {
        setPassword("");
        setCode(undefined);
      }
      setProblem(problem.status === 403 && problem.at("/code") && code === undefined ? undefined : problem);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Providers onDone={onDone} beside={!!known} />
      <Field label="E-mail" error={problem?.at("/email")}>
        {(a) => <Input {...a} type="email" name="email" autoComplete="username" required autoFocus={!known} value={email} onChange={(e) => setEmail(e.target.value)} />}
      </Field>
      <Field label="Password" error={problem?.at("/password")}>
        {(a) => (
          <Input {...a} type="password" name="password" autoComplete="current-password" required autoFocus={!!known} value={password} onChange={(e) => setPassword(e.target.value)} />
        )}
      </Field>
      {code !== undefined && (
        <Field label="Code" hint="Of your authenticator app, or a recovery code." error={problem?.at("/code")}>
          {(a) => <Input {...a} name="code" autoComplete="one-time-code" required autoFocus maxLength={40} className="tabular-nums" value={code} onChange={(e) => setCode(e.target.value)} />}
        </Field>
      )}
      {problem && problem.errors.length === 0 && (
        <p role="alert" className="rounded-md bg-red-wash px-3 py-2 text-red">
          {problem.message}
        </p>
      )}
      <Button type="submit" look="primary" busy={busy} className="!h-10">
        {busy ? "Signing in…" : "Sign in"}
      </Button>
    </form>
  );
}

/* The same answer for every address: who has an account here is nobody's business. */
function Forgotten({ onBack }: { onBack: () => void }) {
  const [email, setEmail] = useState("");
  const [sent, setSent] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await send("POST", "/api/v1/password-reset", { email });
      setSent(true);
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, "unknown", String(error)));
    }
    setBusy(false);
  }
  if (sent)
    return (
      <div role="status" className="flex flex-col gap-4">
        <p>If somebody here has the address {email}, a link to set a new password is on its way to it. It may take a minute; look into the spam folder, too.</p>
        <Button onClick={onBack}>Back to sign-in</Button>
      </div>
    );
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field label="E-mail" hint="A link to set a new password is sent there." error={problem?.at("/email") ?? problem?.message}>
        {(a) => <Input {...a} type="email" autoComplete="username" required autoFocus value={email} onChange={(e) => setEmail(e.target.value)} />}
      </Field>
      <Button type="submit" look="primary" busy={busy} className="!h-10">
        Send the link
      </Button>
      <Button look="quiet" onClick={onBack}>
        Back to sign-in
      </Button>
    </form>
  );
}

export function SignInPage({ onDone }: { onDone: () => void }) {
  useTitle("Sign in");
  const [forgotten, setForgotten] = useState(false);
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center p-4">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center justify-center gap-3">
          <Bell className="size-9" />
          <h1 className="text-xl font-semibold tracking-tight">{forgotten ? "A new password" : "Sign in to Tocsin"}</h1>
        </div>
        <div className="rounded-xl border border-line bg-surface p-6 shadow-sm">{forgotten ? <Forgotten onBack={() => setForgotten(false)} /> : <SignInForm onDone={onDone} />}</div>
        {!forgotten && (
          <p className="mt-4 text-center text-xs text-quiet">
            <button type="button" onClick={() => setForgotten(true)} className="font-medium text-accent-ink hover:underline">
              No password, or lost it?
            </button>
          </p>
        )}
      </div>
    </main>
  );
}
