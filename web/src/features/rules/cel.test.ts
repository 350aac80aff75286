import { describe, expect, test } from "vitest";
import { fromCel, toCel } from "./cel";

const ROWS = [
  { field: "priority", op: "=", value: "p1" },
  { field: "title", op: "!=", value: 'say "x" \\ y' },
  { field: "labels.env", op: "in", value: ["a", "b c"] },
  { field: "labels.a-b", op: "not_in", value: ["x"] },
  { field: "title", op: "contains", value: "disk" },
  { field: "title", op: "not_contains", value: "test" },
  { field: "title", op: "starts_with", value: "db" },
  { field: "title", op: "ends_with", value: "full" },
  { field: "description", op: "matches", value: "^a.*\\d+$" },
  { field: "description", op: "not_matches", value: "é" },
  { field: "labels.env", op: "exists" },
  { field: "labels.env", op: "not_exists" },
  { field: "count", op: ">=", value: 3 },
  { field: "count", op: "<", value: -1.5 },
];

describe("rows to an expression and back, without loss", () => {
  test.each(ROWS)("%j", (row) => expect(fromCel(toCel({ conditions: [row], match: "all" }))).toEqual({ conditions: [row], match: "all" }));
  test.each(["all", "any"] as const)("many, %s of them", (match) => expect(fromCel(toCel({ conditions: ROWS, match }))).toEqual({ conditions: ROWS, match }));
  test("none", () => expect(fromCel(toCel({ conditions: [], match: "all" }))).toEqual({ conditions: [], match: "all" }));
});

describe("what rows cannot say", () => {
  test.each(["", "alert.a == 'x' && alert.b == 'y' || alert.c == 'z'", "size(alert.title) > 3", "alert.labels.exists(l, l == 'x')", "alert.title", "!(alert.a == 'x')", "alert.a == alert.b", "alert.count + 1 > 3", "alert.a == 'x' ? true : false", "payload.x == 'y'"])("%j", (text) =>
    expect(fromCel(text)).toBeUndefined(),
  );
});

test.each([
  ["alert.priority == 'p4'", { field: "priority", op: "=", value: "p4" }],
  ["labels['env'] in ['a', 'b']", { field: "labels.env", op: "in", value: ["a", "b"] }],
  ["alert.labels.env == 'x'", { field: "labels.env", op: "=", value: "x" }],
])("as people write it: %s", (text, row) => expect(fromCel(text)).toEqual({ conditions: [row], match: "all" }));
