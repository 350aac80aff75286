import { describe, expect, test } from "vitest";
import type { Alert } from "@/lib/api";
import { bins } from "../home/loudness";
import { toCel } from "../rules/editor";
import { alertQuery, canDo, type Verb } from "./api";

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

describe("rows as CEL", () => {
  test.each([
    [{ field: "priority", op: "=", value: "p1" }, 'alert.priority == "p1"'],
    [{ field: "labels.env", op: "in", value: ["a", "b"] }, 'labels["env"] in ["a","b"]'],
    [{ field: "title", op: "contains", value: 'say "x"' }, 'alert.title.contains("say \\"x\\"")'],
    [{ field: "labels.env", op: "not_exists" }, "!has(labels.env)"],
    [{ field: "count", op: ">=", value: 3 }, "alert.count >= 3"],
  ])("%j", (row, wanted) => expect(toCel({ conditions: [row], match: "all" })).toBe(wanted));
  test("joined", () => {
    const conditions = [{ field: "priority", value: "p1" }, { field: "source", value: "x" }];
    expect(toCel({ conditions, match: "any" })).toBe('alert.priority == "p1" || alert.source == "x"');
    expect(toCel({ conditions: [], match: "all" })).toBe("true");
  });
});
