import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { flush, later, waiting } from "./outbox";

const told = { sent: vi.fn(), failed: vi.fn() };
const answers = (...list: (number | Error)[]) =>
  vi.stubGlobal(
    "fetch",
    vi.fn(async () => {
      const next = list.shift() ?? 200;
      if (next instanceof Error) throw next;
      return new Response(next === 204 ? null : JSON.stringify(next < 300 ? {} : { code: "x", detail: "refused" }), { status: next });
    }),
  );
beforeEach(() => {
  localStorage.clear();
  vi.clearAllMocks();
});
afterEach(() => vi.unstubAllGlobals());

test("what waits is sent once, in order, with a key of its own", async () => {
  answers(200, 200);
  later("ann", "/a", { n: 1 }, "One", 1000);
  later("ann", "/b", { n: 2 }, "Two", 1000);
  await flush("ann", told, 2000);
  expect(told.sent.mock.calls).toEqual([["One"], ["Two"]]);
  const calls = (fetch as unknown as { mock: { calls: [string, { headers: Record<string, string> }][] } }).mock.calls;
  expect(calls.map(([url]) => url)).toEqual(["/a", "/b"]);
  expect(new Set(calls.map(([, options]) => options.headers["Idempotency-Key"])).size).toBe(2);
  await flush("ann", told, 2000);
  expect(told.sent).toHaveBeenCalledTimes(2);
});
test("without a network it goes on waiting, with the same key", async () => {
  answers(new TypeError("no network"), 200);
  later("ann", "/a", {}, "One", 1000);
  await flush("ann", told, 2000);
  expect(waiting("ann")).toBe(1);
  await flush("ann", told, 3000);
  const calls = (fetch as unknown as { mock: { calls: [string, { headers: Record<string, string> }][] } }).mock.calls;
  expect(calls[0]![1].headers["Idempotency-Key"]).toBe(calls[1]![1].headers["Idempotency-Key"]);
  expect(waiting("ann")).toBe(0);
});
test("what is refused is told and goes; what is too old is not sent", async () => {
  answers(409);
  later("ann", "/a", {}, "One", 5_000_000);
  later("ann", "/b", {}, "Old", 1000);
  await flush("ann", told, 5_000_001);
  expect(told.failed.mock.calls.map(([text]) => text)).toEqual(["Not sent: One", "Not sent: Old"]);
  expect(fetch).toHaveBeenCalledTimes(1);
  expect(waiting("ann")).toBe(0);
});
test("another who signs in sends nothing of it", async () => {
  answers(200);
  later("ann", "/a", {}, "One", 1000);
  await flush("bob", told, 2000);
  expect(fetch).not.toHaveBeenCalled();
  expect(waiting("ann")).toBe(1);
});
