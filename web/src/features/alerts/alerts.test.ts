import { describe, expect, test } from "vitest";
import type { Alert } from "@/lib/api";
import { bins } from "../home/loudness";
import { alertQuery, canDo, type Verb } from "./api";
import { spans } from "./history";
import { fits, loadedOf, merge } from "./live";
import { refused } from "./many";
import { bars } from "./request";

describe("the filter of the address", () => {
  test.each([
    [{}, { status: ["triggered", "acknowledged"], sort: "-id" }],
    [{ status: "all" }, { status: undefined }],
    [{ status: "triggered", priority: "p1,null" }, { status: ["triggered"], priority: ["p1", "null"] }],
    [{ unrouted: "true" }, { unrouted: true }],
    [{ sort: "priority" }, { sort: "priority" }],
  ])("%j", (search, wanted) => expect(alertQuery(search)).toMatchObject(wanted));
});

describe("what may be done", () => {
  const table: [NonNullable<Alert["status"]>, Verb[]][] = [
    ["triggered", ["acknowledge", "resolve", "dismiss", "snooze", "escalate"]],
    ["acknowledged", ["unacknowledge", "resolve", "dismiss", "snooze", "escalate"]],
    ["resolved", ["reopen"]],
    ["dismissed", ["reopen"]],
  ];
  const all: Verb[] = ["acknowledge", "unacknowledge", "resolve", "dismiss", "snooze", "escalate", "reopen"];
  test.each(table)("%s", (status, wanted) => expect(all.filter((verb) => canDo(verb, { status } as Alert)).sort()).toEqual([...wanted].sort()));
});

test("alerts fall into their hour; older ones into none", () => {
  const now = Date.parse("2026-01-05T12:30:00Z");
  const made = bins(
    [
      { priority: "p1", at: "2026-01-05T12:29:00Z" },
      { priority: null, at: "2026-01-05T12:00:00Z" },
      { priority: "p1", at: "2026-01-04T13:00:00Z" },
      { priority: "p1", at: "2026-01-04T12:59:59Z" },
    ],
    now,
  );
  expect(made).toHaveLength(24);
  expect(made.at(-1)).toMatchObject({ p1: 1, none: 1, sum: 2 });
  expect(made[0]).toMatchObject({ p1: 1, sum: 1 });
  expect(made.reduce((sum, bin) => sum + bin.sum, 0)).toBe(3);
});

describe("what the stream brings", () => {
  const one = (id: string, change: Partial<Alert> = {}) => ({ id, status: "triggered", priority: "p1", service_id: null, ...change }) as Alert;
  const list = (...ids: string[][]) => ({ pages: ids.map((page) => ({ items: page.map((id) => one(id)), next_cursor: null })), pageParams: [] });
  const ids = (data: ReturnType<typeof merge>) => data.pages.map((page) => page.items.map((alert) => alert.id));
  test("a changed alert takes its place, on whatever page", () => {
    const made = merge(list(["a5", "a4"], ["a3"]), {}, [one("a3", { status: "acknowledged" })]);
    expect(ids(made)).toEqual([["a5", "a4"], ["a3"]]);
    expect(made.pages[1]!.items[0]!.status).toBe("acknowledged");
  });
  test("what fits no more goes, a new one comes on top, an old one that is unknown does not", () => {
    expect(ids(merge(list(["a5", "a4"]), {}, [one("a4", { status: "resolved" }), one("a7"), one("a6"), one("a1")]))).toEqual([["a7", "a6", "a5"]]);
  });
  test("what is gone goes", () => expect(ids(merge(list(["a5", "a4"]), {}, [], ["a5"]))).toEqual([["a4"]]));
  test("in a storm those are asked for that stand in a list, far below, too", () =>
    expect(loadedOf([list(["a5", "a4"], ["a3"]), undefined, list(["a4", "a2"])], ["a9", "a4", "a3", "a2"]).sort()).toEqual(["a2", "a3", "a4"]));
  test("another order is not guessed at", () => expect(ids(merge(list(["a5"]), { sort: "priority" }, [one("a7")]))).toEqual([["a5"]]));
  test.each([
    [{ priority: "p2,null" }, false],
    [{ priority: "null" }, false],
    [{ status: "triggered", priority: "p1" }, true],
    [{ service: "svc_1" }, false],
    [{ q: "count > 3" }, undefined],
    [{ q: "count > 3", priority: "p4" }, false],
  ])("%j", (search, wanted) => expect(fits(search, one("a1"))).toBe(wanted));
});

test("reports fall into bars, the first and the last included", () => {
  const { counts, from, to } = bars([1_000_000, 1_000_000, 5_000_000]);
  expect([from, to]).toEqual([1_000_000, 5_000_000]);
  expect(counts[0]).toBe(2);
  expect(counts.at(-1)).toBe(1);
  expect(counts.reduce((a, b) => a + b)).toBe(3);
});

test("on and off: repeats lengthen a stretch, changes begin one, the last goes on until now", () => {
  const at = (minute: number, status: string) => ({ received_at: new Date(minute * 60_000).toISOString(), status });
  expect(spans([at(3, "triggered"), at(0, "triggered"), at(1, "triggered"), at(2, "resolved")], 300_000)).toEqual([
    { on: true, from: 0, to: 120_000 },
    { on: false, from: 120_000, to: 180_000 },
    { on: true, from: 180_000, to: 300_000 },
  ]);
  expect(spans([], 1)).toEqual([]);
});

test("what was refused of many is one sentence", () => {
  expect(refused({ total: 3, done: 3, failed: 0, items: [] })).toBeUndefined();
  expect(refused({ total: 3, done: 2, failed: 1, items: [{ status: 200, detail: null }, { status: 409, detail: "it is resolved" }] })?.message).toBe("1 of 3 were not: it is resolved");
});
