/* A form's way to the server: it is sent once, and what somebody else changed meanwhile is never written over unseen.
 *
 * What the form began with is kept as it was, whatever the stream brings while one types. The server refuses a write that
 * names a version that is not the present one (412). Then only what was changed here is written over what stands there now;
 * where both sides changed the same field, both values are shown and the person decides. */
import { useRef, useState } from "react";
import { toast } from "@/ui/toast";
import { isProblem, type Problem } from "./api";
import { queryClient } from "./query";

export type Body = Record<string, unknown>;
type Stored = object & { version?: number };

interface Options<T> {
  old?: Stored; // that is changed; none: it is made
  load?: () => Promise<Stored>; // as it stands there now
  send: (body: Body, version: number | undefined) => Promise<T>;
  again: string[]; // kinds whose lists are asked anew
  said: string | ((made: T) => string);
  detail?: string;
  done: (made?: T) => void;
}

export interface Clash {
  theirs: Stored;
  mine: Body; // all that was changed here
  names: string[]; // what both changed
}

const instant = (value: unknown) => (typeof value === "string" && /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(value) ? Date.parse(value) : value);
/* Nothing is the same as an empty text or list. */
const plain = (value: unknown): unknown => (value === undefined || value === "" || (Array.isArray(value) && !value.length) ? null : instant(value));
export const same = (a: unknown, b: unknown) => JSON.stringify(plain(a)) === JSON.stringify(plain(b));

/* What of a form's body differs from what it began with, and which of that somebody else changed, too. */
export function parted(body: Body, old: object, theirs: object): Pick<Clash, "mine" | "names"> {
  const [was, now] = [old as Body, theirs as Body];
  const mine = Object.fromEntries(Object.entries(body).filter(([name, value]) => !same(value, was[name])));
  return { mine, names: Object.keys(mine).filter((name) => !same(now[name], was[name]) && !same(now[name], mine[name])) };
}

export type Write<T = unknown> = ReturnType<typeof useWrite<T>>;

export function useWrite<T>(options: Options<T>) {
  const [old] = useState(options.old);
  const [problem, setProblem] = useState<Problem>();
  const [clash, setClash] = useState<Clash>();
  const [busy, setBusy] = useState(false);
  const placed = useRef(new Set<string>());
  placed.current.clear();

  async function meet(body: Body, base: Stored) {
    const theirs = await options.load!();
    const { mine, names } = parted(body, base, theirs);
    if (names.length) setClash({ theirs, mine, names });
    else await put(mine, theirs);
  }
  async function put(body: Body, base: Stored | undefined) {
    try {
      const made = await options.send(body, base?.version);
      for (const key of options.again) void queryClient.invalidateQueries({ queryKey: [key] });
      toast(typeof options.said === "string" ? options.said : options.said(made), { detail: options.detail });
      options.done(made);
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (error.status === 412 && base && options.load) await meet(body, base);
      else setProblem(error);
    }
  }
  async function run(work: () => Promise<void>) {
    setBusy(true);
    setProblem(undefined);
    setClash(undefined);
    try {
      await work();
    } catch (error) {
      if (!isProblem(error)) throw error;
      setProblem(error);
    } finally {
      setBusy(false);
    }
  }

  const belongs = (pointer: string, name: string) => pointer === `/${name}` || pointer.startsWith(`/${name}/`);
  return {
    busy,
    problem,
    clash,
    submit: (body: Body) => run(() => put(body, old)),
    /* Both changed something: mine is written over theirs, or theirs stays and only the rest of mine is written. */
    decide: (mine: boolean) =>
      run(async () => {
        const { theirs, mine: body, names } = clash!;
        const rest = mine ? body : Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
        if (Object.keys(rest).length) return put(rest, theirs);
        for (const key of options.again) void queryClient.invalidateQueries({ queryKey: [key] });
        toast("Theirs stands");
        options.done();
      }),
    /* The sentences for a field; by asking, a field takes them, and they are not said again at the foot. */
    at: (...names: string[]) => {
      for (const name of names) placed.current.add(name);
      return problem?.errors.filter((e) => names.some((name) => belongs(e.pointer, name))).map((e) => e.message).join(" ") || undefined;
    },
    /* What no field has said. */
    rest: () => {
      if (!problem) return undefined;
      const homeless = problem.errors.filter((e) => ![...placed.current].some((name) => belongs(e.pointer, name)));
      if (problem.errors.length && !homeless.length) return undefined;
      return homeless.length ? homeless.map((e) => (e.pointer ? `${e.pointer.slice(1).replaceAll("/", ", ").replaceAll("_", " ")}: ${e.message}` : e.message)).join(" ") : problem.message;
    },
  };
}
