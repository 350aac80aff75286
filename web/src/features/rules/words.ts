/* Rules in sentences. */
import { duration } from "@/lib/time";

interface Condition {
  field?: string;
  op?: string | null;
  value?: unknown;
}
interface Rule {
  when?: string | null;
  conditions?: Condition[] | null;
  match?: string | null;
}

const OPS: Record<string, string> = { "=": "is", equals: "is", "!=": "is not", not_equals: "is not", "=~": "matches", "!~": "does not match", in: "is one of", not_in: "is none of", exists: "is there", not_exists: "is not there" };
export const opWords = (op: string) => OPS[op] ?? op.replaceAll("_", " ");

export function whenWords(rule: Rule) {
  if (rule.when) return rule.when;
  const rows = rule.conditions ?? [];
  if (!rows.length) return "any alert comes";
  const value = (v: unknown) => (Array.isArray(v) ? v.join(", ") : v === null || v === undefined ? "" : String(v));
  return rows.map((row) => `${row.field} ${opWords(row.op ?? "=")} ${value(row.value)}`.trim()).join(rule.match === "any" ? " or " : " and ");
}

export function actionWords(action: Record<string, unknown> & { type: string }): string {
  const s = (value: unknown) => duration(Number(value) * 1000);
  switch (action.type) {
    case "set": {
      const what = Object.entries(action).filter(([name, value]) => name !== "type" && value !== null && JSON.stringify(value) !== "{}");
      return `set ${what.map(([name]) => name.replace(/_id$/, "").replaceAll("_", " ")).join(" and ") || "nothing"}`;
    }
    case "suppress":
      return `make no noise${action.reason ? ` (${String(action.reason)})` : ""}`;
    case "unsuppress":
      return "let it be heard again";
    case "pause":
      return `wait ${s(action.for_s)} whether it goes away`;
    case "threshold":
      return `wait for ${String(action.count)} within ${s(action.within_s)}`;
    case "create_incident":
      return `open an incident${Array.isArray(action.group_by) && action.group_by.length ? ` for each ${action.group_by.join(", ").replaceAll("alert.", "")}` : ""}`;
    case "page":
      return action.policy_id ? "page a policy" : "page by the default chain";
    case "run_runbook":
      return "run a runbook";
    case "notify":
      return `tell ${String(action.channel ?? "a channel")}`;
    case "snooze":
      return "snooze it";
    default:
      return action.type;
  }
}
