import { fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { snap, Calendar, days, place } from "./calendar";
import { toInstant, toLocal } from "./cover";

const at = (text: string) => Date.parse(text);

describe("place", () => {
  test.each([
    ["inside", 25, 50, { left: 25, width: 25 }],
    ["over the beginning", -50, 50, { left: 0, width: 50 }],
    ["over the end", 75, 200, { left: 75, width: 25 }],
    ["all of it", -1, 101, { left: 0, width: 100 }],
    ["before", -50, 0, null],
    ["after", 100, 120, null],
  ])("%s", (_, start, end, wanted) => expect(place(0, 100, start, end)).toEqual(wanted));
});

describe("days of a zone", () => {
  test("the day on which clocks go forward has 23 hours, the other 25", () => {
    const spring = days(at("2026-03-27T23:00:00Z"), at("2026-03-31T00:00:00Z"), "Europe/Berlin");
    expect(spring.map((d) => new Date(d).toISOString())).toEqual(["2026-03-27T23:00:00.000Z", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z", "2026-03-30T22:00:00.000Z"]);
    const autumn = days(at("2026-10-24T22:00:00Z"), at("2026-10-26T23:30:00Z"), "Europe/Berlin");
    expect(autumn.map((d) => new Date(d).toISOString())).toEqual(["2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z", "2026-10-26T23:00:00.000Z"]);
  });
  test.each(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"])("a local time and its instant, there and back: %s", (zone) => {
    for (const month of ["01", "04", "07", "11"]) expect(toLocal(toInstant(`2026-${month}-15T09:30`, zone), zone)).toBe(`2026-${month}-15T09:30`);
  });
});

describe("Calendar", () => {
  const shifts = [
    { starts_at: "2026-01-05T08:00:00Z", ends_at: "2026-01-06T08:00:00Z", user_ids: ["usr_a"], why: "layer Week, turn 1" },
    { starts_at: "2026-01-06T08:00:00Z", ends_at: "2026-01-07T08:00:00Z", user_ids: ["usr_b", "usr_a"], why: "layer Week, turn 2" },
  ];
  const show = () =>
    render(
      <Calendar
        rows={[
          { name: "Week", shifts },
          { name: "On call", shifts, final: true, gaps: [{ starts_at: "2026-01-07T08:00:00Z", ends_at: "2026-01-08T00:00:00Z", why: "no layer has anybody then" }] },
        ]}
        from={at("2026-01-05T00:00:00Z")}
        to={at("2026-01-08T00:00:00Z")}
        now={at("2026-01-05T12:00:00Z")}
        zone="UTC"
        name={(id) => ({ usr_a: "Ann", usr_b: "Bob" })[id] ?? "?"}
      />,
    );
  test("a bar says its row, its people and its times", () => {
    show();
    expect(screen.getByRole("button", { name: "On call: Bob, Ann, Tue 6 Jan 08:00 – Wed 7 Jan 08:00. layer Week, turn 2" })).toBeTruthy();
    expect(screen.getAllByRole("button")).toHaveLength(5);
  });
  test("a gap is drawn, named and reached by the keys after the last shift", () => {
    show();
    const gap = screen.getByRole("button", { name: /^On call: Nobody, Wed 7 Jan 08:00/ });
    const last = screen.getByRole("button", { name: /^On call: Bob, Ann/ });
    last.focus();
    fireEvent.keyDown(last, { key: "ArrowRight" });
    expect(document.activeElement).toBe(gap);
    expect(screen.getByText("no layer has anybody then")).toBeTruthy();
  });
  test("arrows walk over the shifts, down to the row below", () => {
    show();
    const first = screen.getByRole("button", { name: /^Week: Ann/ });
    first.focus();
    fireEvent.keyDown(first, { key: "ArrowRight" });
    expect(document.activeElement).toBe(screen.getByRole("button", { name: /^Week: Bob/ }));
    fireEvent.keyDown(document.activeElement!, { key: "ArrowDown" });
    expect(document.activeElement).toBe(screen.getByRole("button", { name: /^On call: Ann/ }));
  });
  test.each([
    ["pointed at", fireEvent.mouseEnter],
    ["focused", fireEvent.focus],
    ["tapped", fireEvent.click],
  ])("a shift that is %s says why", (_, act) => {
    show();
    expect(screen.queryByText("layer Week, turn 2")).toBeNull();
    act(screen.getByRole("button", { name: /^On call: Bob/ }));
    expect(screen.getByText("layer Week, turn 2")).toBeTruthy();
  });
});

describe("a drawn span lies on whole steps", () => {
  const DAY = 86_400_000, HOUR = 3_600_000, from = Date.parse("2026-01-05T00:00:00Z");
  test.each([
    ["a day: quarters of an hour", DAY, 10 * HOUR + 1, 11 * HOUR + 1, 10 * HOUR, 11 * HOUR + HOUR / 4],
    ["two weeks: hours", 14 * DAY, 10.2 * HOUR, 13.7 * HOUR, 10 * HOUR, 14 * HOUR],
    ["a month: six hours", 31 * DAY, 7 * HOUR, 20 * HOUR, 6 * HOUR, 24 * HOUR],
    ["from right to left", 14 * DAY, 13.7 * HOUR, 10.2 * HOUR, 10 * HOUR, 14 * HOUR],
  ])("%s", (_, range, a, b, start, end) => expect(snap(from + a, from + b, from, from + range)).toEqual([from + start, from + end]));
});
