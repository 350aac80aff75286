import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen } from "@testing-library/react";
import { beforeAll, expect, test, vi } from "vitest";
import type { Alert } from "@/lib/api";
import type { Column } from "./columns";
import { Table } from "./list";

/* A box of 600 px: the test's browser lays nothing out. */
beforeAll(() => {
  Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, value: 600 });
  Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, value: 1000 });
});

const alert = (i: number) =>
  ({ id: `alr_${i}`, number: `ALERT-${i}`, title: `Problem ${i}`, status: "triggered", priority: "p1", service_id: null, integration_id: null, count: 1, holds: [], unrouted: false, last_seen_at: "2026-01-05T09:00:00Z" }) as unknown as Alert;

function show(count: number, more: Partial<Parameters<typeof Table>[0]> = {}) {
  const props = { columns: ["status", "priority", "number", "title", "service", "source", "count", "seen"] as Column[], rows: Array.from({ length: count }, (_, i) => alert(i)), chosen: new Set<string>(), cursor: -1, onOpen: vi.fn(), onToggle: vi.fn(), onAll: vi.fn(), onEnd: vi.fn(), ...more };
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { enabled: false } } })}>
      <Table {...props} />
    </QueryClientProvider>,
  );
  return props;
}

test("of ten thousand rows only those that are seen are drawn, and the count is told", () => {
  show(10_000);
  expect(screen.getAllByRole("row").length).toBeLessThan(60);
  expect(screen.getByRole("table").getAttribute("aria-rowcount")).toBe("10001");
  expect(screen.getByText("Problem 0")).toBeTruthy();
});

test("the end of what is loaded asks for more; the middle does not", () => {
  expect(show(5).onEnd).toHaveBeenCalled();
  document.body.innerHTML = "";
  expect(show(500).onEnd).not.toHaveBeenCalled();
});

test("a click opens, the box selects and does not open", () => {
  const props = show(3);
  fireEvent.click(screen.getByRole("checkbox", { name: "Select ALERT-1" }));
  expect(props.onToggle).toHaveBeenCalledOnce();
  expect(props.onOpen).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole("button", { name: "Problem 2" }));
  expect(props.onOpen).toHaveBeenCalledOnce();
});

test("status and priority are words, not only colours", () => {
  show(1);
  expect(screen.getByText("Triggered")).toBeTruthy();
  expect(screen.getByText("P1")).toBeTruthy();
});
