/* Which columns the table of alerts shows, kept in this browser. */
import { useKept } from "@/lib/hooks";

export const COLUMNS = {
  status: { head: "Status", width: "7.5rem" },
  priority: { head: "Priority", width: "3.5rem" },
  number: { head: "Number", width: "6rem" },
  title: { head: "Title", width: "minmax(12rem,1fr)" },
  service: { head: "Service", width: "minmax(0,11rem)" },
  source: { head: "Source", width: "minmax(0,9rem)" },
  team: { head: "Team", width: "minmax(0,8rem)" },
  who: { head: "Has it", width: "minmax(0,8rem)" },
  env: { head: "env", width: "minmax(0,6rem)" },
  count: { head: "Count", width: "4rem" },
  began: { head: "Began", width: "6rem" },
  seen: { head: "Last seen", width: "6rem" },
} as const;
export type Column = keyof typeof COLUMNS;
export const ALL = Object.keys(COLUMNS) as Column[];
export const FIXED: Column[] = ["status", "title"]; // a row without them says nothing
const FIRST: Column[] = ["status", "priority", "number", "title", "service", "source", "count", "seen"];

export function useColumns(): [Column[], (column: Column, on: boolean) => void] {
  const [kept, keep] = useKept<string>("alerts.columns", FIRST.join(","));
  const chosen = new Set([...kept.split(","), ...FIXED]);
  const columns = ALL.filter((column) => chosen.has(column));
  return [columns, (column, on) => keep(ALL.filter((one) => (one === column ? on : chosen.has(one))).join(","))];
}
