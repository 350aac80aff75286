/* What stands around the fields of every form: what went wrong, two values of one field, and the buttons. */
import { type ReactNode, useState } from "react";
import { isProblem } from "@/lib/api";
import { matcherText, readMatchers } from "@/lib/matchers";
import { type Named, queryClient } from "@/lib/query";
import { fullTime } from "@/lib/time";
import type { Body, Clash, Write } from "@/lib/write";
import { Button } from "./button";
import { Dialog } from "./overlay";
import { Failure, Rows } from "./parts";
import { toast, toastProblem } from "./toast";

const NAMED = ["users", "teams", "services", "integrations", "escalation-policies", "schedules"];
const named = (id: string) => NAMED.map((kind) => queryClient.getQueryData<Named[]>([kind, "names"])?.find((one) => one.id === id)?.name).find(Boolean);

/* A value of a field, in words. */
export function valueWords(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return /^[a-z]{2,4}_[0-9A-Za-z]{13}$/.test(value) ? (named(value) ?? value) : /^\d{4}-\d\d-\d\dT.*Z$/.test(value) ? fullTime(value) : value;
  if (Array.isArray(value)) return value.length ? value.map((one) => (typeof one === "object" && one && "op" in one ? matcherText(readMatchers([one])[0]!) : valueWords(one))).join(", ") : "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const label = (name: string) => name.replace(/_ids?$/, (end) => (end === "_ids" ? "s" : "")).replace(/_s$/, " (seconds)").replaceAll("_", " ");

export function TwoValues({ clash, busy, decide }: { clash: Clash; busy: boolean; decide: (mine: boolean) => void }) {
  return (
    <section role="alert" aria-label="Two values" className="rounded-md border border-amber p-3">
      <p className="font-semibold">Somebody else changed this while you did. Which shall stand?</p>
      {clash.names.map((name) => (
        <div key={name} className="mt-2">
          <p className="text-xs font-medium text-quiet first-letter:uppercase">{label(name)}</p>
          <dl className="grid gap-2 sm:grid-cols-2">
            {(["Theirs", "Yours"] as const).map((whose) => (
              <div key={whose} className="min-w-0 rounded-md border border-line bg-ground px-3 py-2">
                <dt className="text-xs text-quiet">{whose}</dt>
                <dd dir="auto" className="foreign font-medium">
                  {valueWords(whose === "Theirs" ? (clash.theirs as Body)[name] : clash.mine[name])}
                </dd>
              </div>
            ))}
          </dl>
        </div>
      ))}
      <div className="mt-3 flex flex-wrap justify-end gap-2">
        <Button small busy={busy} onClick={() => decide(false)}>
          Keep theirs
        </Button>
        <Button small look="primary" busy={busy} onClick={() => decide(true)}>
          Use mine
        </Button>
      </div>
    </section>
  );
}

function Trouble<T>({ write }: { write: Write<T> }) {
  if (write.clash) return <TwoValues clash={write.clash} busy={write.busy} decide={(mine) => void write.decide(mine)} />;
  const text = write.rest();
  if (!text) return null;
  return (
    <p role="alert" className="foreign rounded-md bg-red-wash px-3 py-2 text-red">
      {text}
      {write.problem?.request && <span className="block text-xs">Request {write.problem.request}</span>}
    </p>
  );
}

interface FormProps<T> {
  write: Write<T>;
  body: () => Body;
  onCancel: () => void;
  submit: ReactNode; // what the button says
  disabled?: boolean;
  note?: ReactNode; // beside the buttons
  children: ReactNode;
}

export function FormShell<T>({ write, body, onCancel, submit, disabled, note, children }: FormProps<T>) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void write.submit(body());
      }}
      className="flex flex-col gap-4"
    >
      {children}
      <Trouble write={write} />
      <div className="sticky -bottom-5 z-10 -mx-5 -mb-5 flex items-center justify-end gap-2 rounded-b-xl border-t border-line bg-raised px-5 py-3">
        {note && <span className="min-w-0 flex-1 truncate text-quiet">{note}</span>}
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="primary" busy={write.busy} disabled={disabled}>
          {submit}
        </Button>
      </div>
    </form>
  );
}

/* A word that nothing else says: under a group of controls. */
export function Wrong({ text }: { text?: string }) {
  if (!text) return null;
  return (
    <p role="alert" className="text-xs font-medium text-red">
      {text}
    </p>
  );
}

interface Asked<T> {
  isPending: boolean;
  error: unknown;
  data?: T;
  refetch: () => unknown;
}

interface ThingProps<T> {
  id?: string; // none: a new one
  query: Asked<T>;
  wait?: boolean; // for what the form needs besides
  title: string; // of a new one
  sub?: ReactNode;
  note?: (one: T) => ReactNode; // beside Remove
  remove?: (one: T) => Promise<unknown>;
  again: string[];
  onClose: () => void;
  children: (one?: T) => ReactNode;
}

/* A thing of a list over the list: loaded, gone, made, changed or removed. What was read first stays while one types. */
export function ThingDialog<T extends { id: string }>({ id, query, wait, title, sub, note, remove, again, onClose, children }: ThingProps<T>) {
  const [kept, keep] = useState<T>();
  const one = kept?.id === query.data?.id || (kept && !query.data) ? kept : query.data;
  if (one && one !== kept) keep(one);
  const name = one && "name" in one ? String(one.name) : undefined;
  const go = async () => {
    try {
      await remove!(one!);
      toast(`${name ?? "It"} is removed`);
      onClose();
    } catch (error) {
      toastProblem(`${name ?? "It"} was not removed`, error);
    }
    for (const key of again) void queryClient.invalidateQueries({ queryKey: [key] });
  };
  const gone = id && one && isProblem(query.error) && query.error.status === 404;
  return (
    <Dialog open onClose={onClose} wide title={(id && name) || title} sub={sub}>
      {wait || (id && query.isPending) ? (
        <Rows count={6} />
      ) : id && !one ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : (
        <>
          {gone && (
            <p role="alert" className="mb-3 rounded-md bg-red-wash px-3 py-2 text-red">
              Somebody removed this meanwhile; it cannot be changed any more.
            </p>
          )}
          {one && (remove || note) && (
            <div className="mb-3 flex items-center justify-between gap-3 text-quiet">
              <p className="min-w-0 flex-1">{note?.(one)}</p>
              {remove && !gone && (
                <Button small look="danger" onClick={go}>
                  Remove
                </Button>
              )}
            </div>
          )}
          {children(id ? one : undefined)}
        </>
      )}
    </Dialog>
  );
}
