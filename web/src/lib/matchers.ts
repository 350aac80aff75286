/* Matchers: a label, how it is compared, with what; in words and as Alertmanager writes them. */
import type { Alert } from "./api";

export interface Matcher {
  name: string;
  op: "=" | "!=" | "=~" | "!~";
  value: string;
}
export const OPS: [Matcher["op"], string][] = [
  ["=", "is"],
  ["!=", "is not"],
  ["=~", "matches"],
  ["!~", "does not match"],
];

/* As Alertmanager writes it: team="a", pod=~"db-.*". */
export const matcherText = ({ name, op, value }: Matcher) => `${/^[^\s{}!=~,"'`\\]+$/.test(name) ? name : JSON.stringify(name)}${op}${JSON.stringify(value)}`;
export const readMatchers = (list: unknown) => ((list as Partial<Matcher>[] | null) ?? []).map((one) => ({ name: one.name ?? "", op: one.op ?? "=", value: one.value ?? "" }) as Matcher);

/* What has the labels of this alert; without labels, its title. The same that `tocsin silence add --alert` takes. */
export function matchersOf(alert: Pick<Alert, "labels" | "title">): Matcher[] {
  const labels = Object.entries((alert.labels as Record<string, string> | null) ?? {}).filter(([, value]) => value);
  return labels.length ? labels.map(([name, value]) => ({ name, op: "=", value })) : [{ name: "title", op: "=", value: alert.title ?? "" }];
}
