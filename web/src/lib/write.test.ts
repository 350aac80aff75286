import { describe, expect, test } from "vitest";
import { parted, same } from "./write";

describe("two people at one form", () => {
  const old = { name: "Before", wait_s: 5, equal: ["env"], starts_at: "2026-01-05T09:00:00Z", comment: null };
  test.each([
    ["nothing of mine", { ...old, starts_at: "2026-01-05T09:00:00.000Z", comment: "" }, { ...old, name: "Theirs" }, [], []],
    ["other fields than theirs", { ...old, wait_s: 9 }, { ...old, name: "Theirs" }, ["wait_s"], []],
    ["the same field", { ...old, name: "Mine" }, { ...old, name: "Theirs" }, ["name"], ["name"]],
    ["the same field, to the same value", { ...old, name: "Theirs" }, { ...old, name: "Theirs" }, ["name"], []],
    ["lists", { ...old, equal: ["env", "a"] }, { ...old, equal: [] }, ["equal"], ["equal"]],
  ])("%s", (_, body, theirs, mine, names) => {
    const found = parted(body, old, theirs);
    expect(Object.keys(found.mine)).toEqual(mine);
    expect(found.names).toEqual(names);
  });
  test("nothing, an empty text and an empty list are one; times are instants", () => {
    expect([same(null, ""), same(undefined, []), same("2026-01-05T09:00:00Z", "2026-01-05T10:00:00+01:00"), same(0, null)]).toEqual([true, true, true, false]);
  });
});
