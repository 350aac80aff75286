import { expect, test } from "vitest";
import { matcherText, matchersOf } from "@/lib/matchers";
import { everyWords, lengthWords } from "../heartbeats/list";
import { trees } from "../inhibition/muting";
import { readRule, ruleWords, writeRule } from "../maintenance/api";
import { endsSoon } from "../silences/api";
import { whatOf } from "../silences/form";
import { groups, type Held, heldBy } from "./api";

const held = (id: string, ...reasons: string[]) => ({ id, holds: reasons.map((reason) => ({ reason, id: `${reason}-1`, until: null, since: null })) }) as unknown as Held;

test("what is held by several stands once, under the first of its reasons, in the server's order", () => {
  const items = [held("a", "silence"), held("b", "snooze", "silence"), held("c", "flapping")];
  expect(groups(items).map(([reason, list]) => [reason, list.map((one) => one.id)])).toEqual([
    ["silence", ["a", "b"]],
    ["flapping", ["c"]],
  ]);
  expect(groups([items[1]!], "snooze").map(([reason]) => reason)).toEqual(["snooze"]);
  expect(heldBy(items).get("silence-1")).toBe(2);
});

test("a silence takes the labels of its alert, without labels its title", () => {
  expect(matchersOf({ title: "Disk", labels: { env: "production", empty: "" } } as never).map(matcherText)).toEqual(['env="production"']);
  expect(matchersOf({ title: 'A "b"', labels: null } as never).map(matcherText)).toEqual(['title="A \\"b\\""']);
});

test("nothing is asked while nothing is said", () => {
  const draft = { way: "matchers" as const, matchers: [{ name: " ", op: "=" as const, value: "x" }], when: "", integration: "" };
  expect(whatOf(draft)).toBeUndefined();
  expect(whatOf({ ...draft, way: "cel", when: " true " })).toEqual({ when: "true" });
  expect(whatOf({ ...draft, matchers: [{ name: "a", op: "=~", value: "b" }], integration: "int_1" })).toEqual({ matchers: [{ name: "a", op: "=~", value: "b" }], integration_id: "int_1" });
});

test("only one in force with an end nearby ends soon", () => {
  const now = Date.parse("2026-01-05T09:00:00Z");
  expect(endsSoon({ state: "active", ends_at: "2026-01-05T09:20:00Z" }, now)).toBe(true);
  expect(endsSoon({ state: "active", ends_at: "2026-01-05T09:40:00Z" }, now)).toBe(false);
  expect(endsSoon({ state: "active", ends_at: null }, now)).toBe(false);
  expect(endsSoon({ state: "pending", ends_at: "2026-01-05T09:20:00Z" }, now)).toBe(false);
});

test("rules of recurrence go through the form without loss; what it cannot show stays as it was written", () => {
  for (const rule of [null, "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,SA", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", "FREQ=MONTHLY;INTERVAL=3", "FREQ=MONTHLY;BYDAY=1SA", "FREQ=WEEKLY;COUNT=4", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270101T000000Z"]) expect(writeRule(readRule(rule))).toBe(rule);
  expect(readRule("FREQ=MONTHLY;BYDAY=1SA").freq).toBe("own");
  expect(ruleWords("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO")).toBe("every 2 weeks on Mon, Sun");
  expect(ruleWords(null)).toBe("once");
});

test("who mutes whom is a tree from what is loud; circles and several sources end", () => {
  const node = (id: string, muted: boolean) => ({ id, number: id, title: id, status: "triggered", priority: null, muted });
  const edge = (source_id: string, target_id: string) => ({ rule_id: "r", rule_name: "R", source_id, target_id });
  const text = (list: ReturnType<typeof trees>): string => list.map((one) => one.node.id + (one.below.length ? `(${text(one.below)})` : "")).join(" ");
  expect(text(trees({ alerts: [node("a", false), node("b", true), node("c", true)], edges: [edge("a", "b"), edge("b", "c"), edge("c", "b")] } as never))).toBe("a(b(c))");
  expect(text(trees({ alerts: [node("a", false), node("b", false), node("c", true)], edges: [edge("a", "c"), edge("b", "c")] } as never))).toBe("a(c) b(c)");
  expect(trees({ alerts: [], edges: [] })).toEqual([]);
});

test("a heartbeat's time in words", () => {
  expect([lengthWords(86400), lengthWords(5400), lengthWords(45)]).toEqual(["1 day", "90 minutes", "45 seconds"]);
  expect([everyWords({ period_s: 3600, cron: null }), everyWords({ period_s: 7200, cron: null })]).toEqual(["every hour", "every 2 hours"]);
});
