/* The client: one function for every operation of the API, typed by what the server says of itself. */
import type { Operations, Problem as ProblemBody } from "./api.gen";

export type * from "./api.gen";

type Op = keyof Operations;
type Params<K extends Op> = K extends `${string}{${infer P}}${string}` ? { [name in P]: string } : object;
type Args<K extends Op> = Params<K> & {
  query?: Operations[K]["query"];
  body?: Operations[K]["body"];
  version?: number; // If-Match
  signal?: AbortSignal;
};

/* What went wrong, as the server said it. status 0: the server was not reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly errors: ProblemBody["errors"] = [],
    readonly request = "",
    readonly context = "",
  ) {
    super(detail);
  }
  /* The sentence for a field of a form, by its JSON pointer. */
  at(pointer: string) {
    return this.errors.find((e) => e.pointer === pointer)?.message;
  }
}

export const isProblem = (error: unknown): error is Problem => error instanceof Problem;

type Listener = () => void;
const signedOut = new Set<Listener>();
export function onSignedOut(listener: Listener) {
  signedOut.add(listener);
  return () => void signedOut.delete(listener);
}

/* Where the stream stood before the first answer that said so: who follows from there misses nothing that was loaded since. */
let position: string | undefined;
export const loadedAt = () => position;

function address(op: string, args: Record<string, unknown>) {
  const [method, pattern] = op.split(" ") as [string, string];
  const path = pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(args[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries((args.query ?? {}) as Record<string, unknown>))
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== "") query.append(name, String(one));
  const tail = query.toString();
  return { method, url: `/api/v1${path}${tail ? `?${tail}` : ""}` };
}

async function problemOf(response: Response): Promise<Problem> {
  const request = response.headers.get("X-Request-Id") ?? "";
  try {
    const body = (await response.json()) as ProblemBody;
    return new Problem(response.status, body.code, sentence(body.detail), body.errors ?? [], request, (body as { context?: string }).context);
  } catch {
    return new Problem(response.status, "unknown", `The server answered ${response.status}.`, [], request);
  }
}

/* The API's sentences begin small, as they follow a field's name; on a page they stand alone. */
export function sentence(text: string) {
  const big = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(big) ? big : `${big}.`;
}

export async function send(method: string, url: string, body?: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      signal,
      credentials: "same-origin",
      headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, "offline", "The server cannot be reached. Look at your connection; this page tries again by itself.");
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401 && !/\/(sign-in|sign-in\/code)$/.test(url)) for (const listener of signedOut) listener();
    throw problem;
  }
  position ??= response.headers.get("X-Stream-Position") ?? undefined;
  return response.status === 204 ? undefined : response.json();
}

export function api<K extends Op>(op: K, args: Args<K> = {} as Args<K>): Promise<Operations[K]["answer"]> {
  const { method, url } = address(op, args as Record<string, unknown>);
  const headers: Record<string, string> = {};
  if (args.version !== undefined) headers["If-Match"] = `"${args.version}"`;
  // A write that is sent again after a lost answer must not happen twice.
  if (method === "POST" && !url.endsWith("/invite")) headers["Idempotency-Key"] = randomKey();
  const body = method === "GET" || method === "DELETE" ? undefined : (args.body ?? {});
  return send(method, url, body, headers, args.signal) as Promise<Operations[K]["answer"]>;
}

export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
