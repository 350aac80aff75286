import { hue } from "@/ui/marks";
import { describe, expect, test } from "vitest";
import { browser } from "@/features/settings/sessions";
import { blank, fieldLabel, plainText } from "@/features/settings/value-editor";
import { sentence } from "./api";
import { clock, duration, midnight, zoneOffset } from "./time";

describe("durations", () => {
  test.each([
    [-5, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_600_000, "1 h 00"],
    [7_500_000, "2 h 05"],
    [90_000_000, "1 d 1 h"],
    [86_400_000 * 20, "20 d"],
  ])("%d ms", (ms, text) => expect(duration(ms)).toBe(text));
  test.each([
    [3_000, "0:03"],
    [3_753_000, "1:02:33"],
    [86_400_000 * 3, "3 d 0 h"],
  ])("clock %d", (ms, text) => expect(clock(ms)).toBe(text));
});

test("zones: offset and midnight over a change of clocks", () => {
  expect(zoneOffset(Date.parse("2026-07-01T00:00:00Z"), "Europe/Berlin")).toBe(120);
  expect(zoneOffset(Date.parse("2026-01-01T00:00:00Z"), "America/St_Johns")).toBe(-210);
  expect(new Date(midnight(Date.parse("2026-03-29T12:00:00Z"), "Europe/Berlin")).toISOString()).toBe("2026-03-28T23:00:00.000Z");
  expect(new Date(midnight(Date.parse("2026-03-29T12:00:00Z"), "Europe/Berlin", 1)).toISOString()).toBe("2026-03-29T22:00:00.000Z");
});

test("a sentence begins large and ends", () => {
  expect(sentence("the name is taken")).toBe("The name is taken.");
  expect(sentence("Why?")).toBe("Why?");
});

test("labels and hints of generated forms", () => {
  expect([fieldLabel("team_id"), fieldLabel("service_ids"), fieldLabel("wait_s"), fieldLabel("name")]).toEqual(["Team", "Services", "Wait (seconds)", "Name"]);
  expect(plainText("Who owns it. Taken: id, slug.")).toBe("Who owns it.");
  expect(plainText("Who is paged; null: the team's.")).toBe("Who is paged; empty: the team's.");
});

test("an empty value of each form", () => {
  expect(blank({ type: "string" })).toBe("");
  expect(blank({ type: ["string", "null"] })).toBeNull();
  expect(blank({ type: "array", minItems: 1, items: { type: "object", properties: { kind: { const: "user" }, id: { type: "string" } }, required: ["kind", "id"] } })).toEqual([{ kind: "user", id: "" }]);
  expect(blank({ type: "integer", default: 300 })).toBe(300);
});

test("browsers are recognised", () => {
  expect(browser("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).toBe("Firefox on Linux");
  expect(browser("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1")).toBe("Safari on iOS");
  expect(browser("")).toBe("An unknown browser");
});

test("every id has a colour, and few share one", () => {
  const colours = Array.from({ length: 500 }, (_, i) => hue(`usr_070V5FKM0${i.toString(32).toUpperCase().padStart(4, "0")}`));
  expect(colours.every(Boolean)).toBe(true);
  const most = Math.max(...[...new Set(colours)].map((one) => colours.filter((other) => other === one).length));
  expect(new Set(colours).size).toBe(10);
  expect(most).toBeLessThan(100);
});
