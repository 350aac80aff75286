import { fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import type { TimelineEntry } from "@/lib/api";
import { QueryClientProvider } from "@tanstack/react-query";
import { permissionsQuery, queryClient } from "@/lib/query";
import { toCsv, toMarkdown } from "./export";
import { group, Timeline as Bare } from "./timeline";

const Timeline = (props: React.ComponentProps<typeof Bare>) => (
  <QueryClientProvider client={queryClient}>
    <Bare {...props} />
  </QueryClientProvider>
);

queryClient.setQueryData(permissionsQuery.queryKey, new Map());
let n = 0;
const entry = (change: Partial<TimelineEntry>): TimelineEntry =>
  ({ id: `tle_${String(++n).padStart(4, "0")}`, subject_kind: "incident", subject_id: "inc_1", at: "2026-01-05T09:00:00Z", kind: "note", actor: { kind: "user", id: "usr_1", name: "Ann" }, data: {}, key_event: false, ...change }) as TimelineEntry;
const machine = (kind: string, at = "2026-01-05T09:00:00Z") => entry({ kind, at, actor: { kind: "system", id: null, name: "Tocsin" } });

describe("group", () => {
  test.each([
    ["three of a machine stay apart", 3, 3],
    ["four become one", 4, 1],
    ["forty become one", 40, 1],
  ])("%s", (_, count, shown) => {
    expect(group(Array.from({ length: count }, () => machine("alert_joined")))).toHaveLength(shown);
  });
  test("people are never in a run, and end it", () => {
    const entries = [...Array.from({ length: 5 }, () => machine("paged")), entry({ data: { text: "mine" } }), ...Array.from({ length: 5 }, () => machine("paged"))];
    expect(group(entries).map((item) => (Array.isArray(item) ? item.length : 1))).toEqual([5, 1, 5]);
  });
  test("kinds are not mixed; a key event stands alone", () => {
    const entries = [...Array.from({ length: 4 }, () => machine("paged")), ...Array.from({ length: 4 }, () => machine("updated")), { ...machine("updated"), key_event: true }];
    expect(group(entries).map((item) => (Array.isArray(item) ? item.length : 1))).toEqual([4, 4, 1]);
  });
});

describe("Timeline", () => {
  test("newest first, by days", () => {
    render(<Timeline entries={[entry({ at: "2026-01-04T09:00:00Z", data: { text: "old" } }), entry({ at: "2026-01-05T09:00:00Z", data: { text: "new" } })]} />);
    const texts = screen.getAllByRole("listitem").map((item) => item.textContent);
    expect(texts.findIndex((t) => t?.includes("new"))).toBeLessThan(texts.findIndex((t) => t?.includes("old")));
    expect(screen.getByText(/4 Jan/)).toBeTruthy();
  });
  test("HTML of others is text", () => {
    const { container } = render(<Timeline entries={[entry({ data: { text: "<img src=x onerror=alert(1)> [bad](javascript:alert(1))" } })]} />);
    expect(container.querySelector("img")).toBeNull();
    expect([...container.querySelectorAll("a")].every((a) => !a.getAttribute("href")?.startsWith("javascript"))).toBe(true);
    expect(screen.getByText(/<img src=x/)).toBeTruthy();
  });
  test("a run opens on wish", () => {
    render(<Timeline entries={Array.from({ length: 14 }, () => machine("alert_joined"))} />);
    fireEvent.click(screen.getByRole("button", { name: /14 × Alert joined/ }));
    expect(screen.getAllByText(/^\s*Alert joined/)).toHaveLength(14);
  });
  test("only people, only key events", () => {
    const entries = [...Array.from({ length: 6 }, (_, i) => machine(`kind${i}`)), entry({ data: { text: "mine" } }), entry({ data: { text: "key" }, key_event: true })];
    render(<Timeline entries={entries} />);
    fireEvent.click(screen.getByRole("button", { name: "People" }));
    expect(screen.queryByText("Tocsin")).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Key events" }));
    expect(screen.queryByText("mine")).toBeNull();
    expect(screen.getByText("key")).toBeTruthy();
  });
  test("nothing yet is said", () => {
    render(<Timeline entries={[]} />);
    expect(screen.getByText("Nothing has happened yet")).toBeTruthy();
  });
});

describe("what is new to the reader", () => {
  const known = entry({ data: { text: "known" } });
  const subject = { id: "inc_seen", number: "INC-1", title: "Checkout" };
  test("is parted by a line, once there is something new", () => {
    localStorage.clear();
    const first = render(<Timeline subject={subject} entries={[known]} />);
    expect(screen.queryByText(/since your last visit/)).toBeNull();
    first.unmount();
    render(<Timeline subject={subject} entries={[known, entry({ data: { text: "fresh" } })]} />);
    const texts = screen.getAllByRole("listitem").map((item) => item.textContent ?? "");
    const at = (word: string) => texts.findIndex((t) => t.includes(word));
    expect(at("fresh")).toBeLessThan(at("since your last visit"));
    expect(at("since your last visit")).toBeLessThan(at("known"));
  });
});

describe("exports", () => {
  const entries = [entry({ at: "2026-01-05T09:30:00Z", data: { text: "=SUM(1) \"quoted\", and\nmore" }, key_event: true }), entry({ at: "2026-01-05T09:00:00Z", kind: "declared", actor: { kind: "user", id: "usr_1", name: "A*n" } as never })];
  test("CSV is quoted, and no cell is a formula", () => {
    const [head, first, ...rest] = toCsv(entries).split("\r\n");
    expect(head).toBe("at,kind,actor,key_event,what,text,id");
    expect(first).toContain("2026-01-05T09:00:00Z,declared,A*n,no");
    expect(rest.join("\r\n")).toContain(`"'=SUM(1) ""quoted"", and\nmore"`);
  });
  test("Markdown tells from the beginning, and marks of others are no marks", () => {
    const text = toMarkdown("INC-1 Checkout", entries, "UTC");
    expect(text).toMatch(/\*\*09:00\*\* A\\\*n declared[^]*\*\*09:30\*\* Ann wrote \(key event\)\n {2}> =SUM/);
  });
});
