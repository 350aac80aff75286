import { describe, expect, test } from "vitest";
import type { Incident, Notification } from "@/lib/api";
import { measures, people } from "./review";
import { rolesOf } from "./work";

const at = (minute: number) => `2026-01-05T09:${String(minute).padStart(2, "0")}:00Z`;
const NONE = { impact_started_at: null, detected_at: null, declared_at: null, acknowledged_at: null, mitigated_at: null, resolved_at: null, closed_at: null, status: "new" } as unknown as Incident;
const told = (change: Partial<Incident>) => Object.fromEntries(measures({ ...NONE, ...change } as Incident).map((one) => [one.name, [one.state, one.ms === undefined ? undefined : one.ms / 60_000, one.from]]));

describe("durations", () => {
  test("each counts from the first origin that is known", () => {
    const all = told({ impact_started_at: at(0), detected_at: at(2), declared_at: at(3), acknowledged_at: at(7), mitigated_at: at(20), resolved_at: at(30), closed_at: at(55), status: "closed" });
    expect(all).toEqual({
      "To notice": ["recorded", 2, "impact_started_at"],
      "To acknowledge": ["recorded", 5, "detected_at"],
      "To mitigate": ["recorded", 20, "impact_started_at"],
      "To resolve": ["recorded", 30, "impact_started_at"],
      "To close": ["recorded", 25, "resolved_at"],
    });
    expect(told({ declared_at: at(3), resolved_at: at(30) })["To resolve"]).toEqual(["recorded", 27, "declared_at"]);
  });
  test("what has no origin is not guessed; what has no end yet is pending, and never of a closed one", () => {
    const open = told({ declared_at: at(3) });
    expect(open["To notice"]).toEqual(["not applicable", undefined, undefined]);
    expect(open["To acknowledge"]![0]).toBe("pending");
    expect(open["To close"]![0]).toBe("pending");
    expect(told({ declared_at: at(3), closed_at: at(9), status: "closed" })["To acknowledge"]![0]).toBe("not applicable");
  });
  test("an end before its beginning is shown as such", () => {
    expect(told({ declared_at: at(9), acknowledged_at: at(4) })["To acknowledge"]).toEqual(["invalid", -5, "declared_at"]);
  });
});

test("who was told: one line a person, the first that went out, and what failed", () => {
  const one = (change: Partial<Notification>) => ({ user_id: "usr_1", user_name: "Ann", kind: "email", status: "sent", sent_at: at(5), error: null, ...change }) as Notification;
  const lines = people([one({}), one({ kind: "sms", sent_at: at(3), status: "delivered" }), one({ status: "skipped", sent_at: at(1) }), one({ user_id: "usr_2", user_name: "Ben", status: "failed", sent_at: null, error: "no_smtp" })]);
  expect(lines.map(([, line]) => [line.name, line.first, [...line.channels], line.failed.size])).toEqual([
    ["Ann", at(3), ["Email", "Sms"], 0],
    ["Ben", undefined, [], 1],
  ]);
});

test("roles: the commander and those of the type, one person may hold several", () => {
  expect([...rolesOf({ commander_id: "usr_1", roles: { scribe: ["usr_1", "usr_2"], liaison: null } })]).toEqual([
    ["usr_1", ["commander", "scribe"]],
    ["usr_2", ["scribe"]],
  ]);
});
