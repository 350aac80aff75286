/* Small parts: cards, the states of a screen, times, definition lists, copying. */
import clsx from "clsx";
import { Check, CircleAlert, Copy, Inbox, Lock, SearchX } from "lucide-react";
import { type ReactNode, useState } from "react";
import { isProblem } from "@/lib/api";
import { useNow } from "@/lib/hooks";
import { ago, fullTime } from "@/lib/time";
import { Button } from "./button";

export function Card({ title, actions, children, className, flush }: { title?: ReactNode; actions?: ReactNode; children: ReactNode; className?: string; flush?: boolean }) {
  return (
    <section className={clsx("min-w-0 rounded-lg border border-line bg-surface", className)}>
      {title && (
        <header className="flex min-h-11 items-center gap-2 border-b border-line px-4">
          <h2 className="line-clamp-2 min-w-0 flex-1 py-1 font-semibold">{title}</h2>
          {actions}
        </header>
      )}
      <div className={flush ? "" : "p-4"}>{children}</div>
    </section>
  );
}

export function PageHead({ title, children, sub }: { title: ReactNode; children?: ReactNode; sub?: ReactNode }) {
  return (
    <div className="mb-4 flex flex-wrap items-center gap-x-3 gap-y-2">
      <div className="min-w-0 flex-1 max-sm:basis-full">
        <h1 className="text-lg font-semibold tracking-tight">{title}</h1>
        {sub && <p className="text-quiet">{sub}</p>}
      </div>
      {children}
    </div>
  );
}

/* What will be there has the same size. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={clsx("shimmer rounded bg-hover", className)} />;
}

export function Rows({ count = 6, label = "Loading" }: { count?: number; label?: string }) {
  return (
    <div role="status" aria-label={label} className="divide-y divide-line">
      {Array.from({ length: count }, (_, i) => (
        <div key={i} className="flex h-(--row) items-center gap-3 px-4">
          <Skeleton className="size-4" />
          <Skeleton className={clsx("h-3", i % 3 === 0 ? "w-1/2" : i % 3 === 1 ? "w-2/3" : "w-2/5")} />
        </div>
      ))}
    </div>
  );
}

export function Empty({ icon, title, children, action }: { icon?: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-10 text-center">
      <span className="text-quiet">{icon ?? <Inbox className="size-6" aria-hidden />}</span>
      <p className="font-medium">{title}</p>
      {children && <div className="max-w-md text-quiet">{children}</div>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}

/* An error says what happened, what can be done, and which request it was. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = isProblem(error) ? error : undefined;
  const request = problem?.request && <p className="mt-1 font-mono text-xs">Request {problem.request}</p>;
  const back = <Button onClick={() => history.back()}>Go back</Button>;
  if (problem?.status === 403)
    return (
      <Empty icon={<Lock className="size-6" aria-hidden />} title="You may not see this" action={back}>
        {problem.message} An owner or admin of your organization can change that.
        {request}
      </Empty>
    );
  if (problem?.status === 404 || problem?.status === 410)
    return (
      <Empty icon={<SearchX className="size-6" aria-hidden />} title="There is nothing here" action={back}>
        It was deleted, you may not see it, or the address is wrong.
        {request}
      </Empty>
    );
  return (
    <Empty
      icon={<CircleAlert className="size-6 text-red" aria-hidden />}
      title={problem?.status === 429 ? "Too many requests" : "This could not be loaded"}
      action={retry && <Button onClick={retry}>Try again</Button>}
    >
      <p role="alert">{problem?.message ?? String(error)}</p>
      {request}
    </Empty>
  );
}

export function When({ at, className }: { at: string; className?: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={`${fullTime(at)}\n${fullTime(at, "UTC")}`} className={clsx("whitespace-nowrap tabular-nums", className)}>
      {ago(at, now)}
    </time>
  );
}

export function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-[7.5rem_minmax(0,1fr)] gap-x-3 gap-y-2">{children}</dl>;
}
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-quiet">{name}</dt>
      <dd className="foreign min-w-0">{children ?? "–"}</dd>
    </>
  );
}

export function Copyable({ text, label = "Copy" }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  return (
    <Button
      small
      onClick={async () => {
        await copyText(text);
        setDone(true);
        setTimeout(() => setDone(false), 1500);
      }}
    >
      {done ? <Check className="size-3.5" aria-hidden /> : <Copy className="size-3.5" aria-hidden />}
      <span aria-live="polite">{done ? "Copied" : label}</span>
    </Button>
  );
}

/* The clipboard is for secure origins only; a selection does for the rest. */
async function copyText(text: string) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function Code({ text }: { text: string }) {
  return (
    <div className="group relative">
      <pre tabIndex={0} aria-label="Code" className="overflow-x-auto rounded-md border border-line bg-ground p-3 pr-20 font-mono text-xs leading-5">{text}</pre>
      <div className="absolute top-2 right-2">
        <Copyable text={text} />
      </div>
    </div>
  );
}
