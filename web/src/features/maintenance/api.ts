/* Maintenance windows: how they come again in words, and as the rule of RFC 5545. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "@/lib/api";

export const windowsQuery = (over: boolean) =>
  queryOptions({
    queryKey: ["maintenance-windows", "list", over],
    queryFn: () => api("GET /maintenance-windows", { query: { state: (over ? "ended" : ["scheduled", "active"]) as never, limit: over ? 100 : 1000, sort: "-id" as never } }),
  });
export const windowQuery = (id: string) => queryOptions({ queryKey: ["maintenance-windows", "one", id], queryFn: () => api("GET /maintenance-windows/{id}", { id }) });
export const calendarQuery = (from: number, to: number) =>
  queryOptions({
    queryKey: ["maintenance-windows", "calendar", from, to],
    queryFn: () => api("GET /maintenance-calendar", { query: { from: new Date(from).toISOString(), to: new Date(to).toISOString() } }),
  });

export type Freq = "once" | "daily" | "weekly" | "monthly" | "own";
export const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
export type Day = (typeof DAYS)[number];
export const DAY_NAMES: Record<Day, string> = { MO: "Mon", TU: "Tue", WE: "Wed", TH: "Thu", FR: "Fri", SA: "Sat", SU: "Sun" };

export interface Recurrence {
  freq: Freq;
  every: number;
  days: Day[]; // of weekly
  text: string; // of own
}

/* What the form can show; anything else stays as it is written. */
export function readRule(rule: string | null): Recurrence {
  const none: Recurrence = { freq: "once", every: 1, days: [], text: "" };
  if (!rule) return none;
  const own: Recurrence = { ...none, freq: "own", text: rule };
  const parts = rule
    .replace(/^RRULE:/i, "")
    .split(";")
    .map((part) => part.split("=") as [string, string]);
  const of = Object.fromEntries(parts.map(([name, value]) => [name.toUpperCase(), value]));
  const freq = of.FREQ?.toLowerCase() as Freq;
  const known = ["FREQ", "INTERVAL", ...(freq === "weekly" ? ["BYDAY"] : [])];
  if (!["daily", "weekly", "monthly"].includes(freq) || parts.some(([name]) => !known.includes(name.toUpperCase()))) return own;
  const days = (of.BYDAY?.split(",") ?? []) as Day[];
  return days.every((day) => DAYS.includes(day)) ? { freq, every: Number(of.INTERVAL ?? 1), days, text: rule } : own;
}

export function writeRule({ freq, every, days, text }: Recurrence): string | null {
  if (freq === "once") return null;
  if (freq === "own") return text.trim() || null;
  const interval = every > 1 ? `;INTERVAL=${every}` : "";
  const byDay = freq === "weekly" && days.length ? `;BYDAY=${DAYS.filter((day) => days.includes(day)).join(",")}` : "";
  return `FREQ=${freq.toUpperCase()}${interval}${byDay}`;
}

const UNITS: Record<string, [string, string]> = { daily: ["day", "days"], weekly: ["week", "weeks"], monthly: ["month", "months"] };
export function ruleWords(rule: string | null): string {
  const { freq, every, days } = readRule(rule);
  if (freq === "once") return "once";
  if (freq === "own") return rule!;
  const on = days.length ? ` on ${DAYS.filter((day) => days.includes(day)).map((day) => DAY_NAMES[day]).join(", ")}` : "";
  return `every ${every > 1 ? `${every} ${UNITS[freq]![1]}` : UNITS[freq]![0]}${on}`;
}
