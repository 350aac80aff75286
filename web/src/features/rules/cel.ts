/* Rows and CEL are two views of one condition. Every row has an expression; of expressions those come back that say no
 * more than rows can: comparisons of one field each, joined all by && or all by ||. */
export interface Condition {
  field: string;
  op?: string | null;
  value?: unknown;
}
interface Rows {
  conditions: Condition[];
  match: "all" | "any";
}

const NAME = /^[A-Za-z_]\w*$/;
/* labels.env, labels["a-b"], alert.title: a path of names. */
const fieldOf = (name: string) => (name.startsWith("labels.") ? (NAME.test(name.slice(7)) ? `labels.${name.slice(7)}` : `labels[${JSON.stringify(name.slice(7))}]`) : `alert.${name}`);
const literal = (value: unknown) => JSON.stringify(value ?? "");
const listOf = (value: unknown) => JSON.stringify(Array.isArray(value) ? value : [value]);

function one({ field, op, value }: Condition): string {
  const f = fieldOf(field);
  switch (op ?? "=") {
    case "=":
    case "equals":
      return `${f} == ${literal(value)}`;
    case "!=":
    case "not_equals":
      return `${f} != ${literal(value)}`;
    case "contains":
      return `${f}.contains(${literal(value)})`;
    case "not_contains":
      return `!${f}.contains(${literal(value)})`;
    case "starts_with":
      return `${f}.startsWith(${literal(value)})`;
    case "ends_with":
      return `${f}.endsWith(${literal(value)})`;
    case "matches":
    case "=~":
      return `${f}.matches(${literal(value)})`;
    case "not_matches":
    case "!~":
      return `!${f}.matches(${literal(value)})`;
    case "in":
      return `${f} in ${listOf(value)}`;
    case "not_in":
      return `!(${f} in ${listOf(value)})`;
    case "exists":
      return `has(${f})`;
    case "not_exists":
      return `!has(${f})`;
    default:
      return `${f} ${op} ${literal(value)}`;
  }
}

export function toCel({ conditions, match }: Rows): string {
  return conditions.map(one).join(match === "any" ? " || " : " && ") || "true";
}

/* Tokens: strings, numbers, names, signs. Anything else: no rows. */
const TOKEN = /\s*(?:("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(&&|\|\||==|!=|<=|>=|[<>!()[\],.]))/y;
type Token = { string: string } | { number: number } | { name: string } | { sign: string };

function tokens(text: string): Token[] | undefined {
  const out: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const found = TOKEN.exec(text);
    if (!found) return undefined;
    if (found[1] !== undefined) {
      const string = unquoted(found[1]);
      if (string === undefined) return undefined;
      out.push({ string });
    } else if (found[2] !== undefined) out.push({ number: Number(found[2]) });
    else if (found[3] !== undefined) out.push({ name: found[3] });
    else out.push({ sign: found[4]! });
  }
  return out;
}

/* Only what JSON and CEL read the same. */
function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text.startsWith("'") ? `"${text.slice(1, -1).replace(/\\'/g, "'").replaceAll('"', '\\"')}"` : text) as string;
  } catch {
    return undefined;
  }
}

class Reader {
  at = 0;
  constructor(readonly list: Token[]) {}
  peek(sign: string) {
    const token = this.list[this.at];
    return !!token && "sign" in token && token.sign === sign;
  }
  eat(sign: string) {
    if (!this.peek(sign)) return false;
    this.at++;
    return true;
  }
  need(sign: string) {
    if (!this.eat(sign)) throw new Error(sign);
  }
  name(): string {
    const token = this.list[this.at++];
    if (!token || !("name" in token)) throw new Error("name");
    return token.name;
  }
  value(): string | number | boolean {
    const token = this.list[this.at++];
    if (token && "string" in token) return token.string;
    if (token && "number" in token) return token.number;
    if (token && "name" in token && (token.name === "true" || token.name === "false")) return token.name === "true";
    throw new Error("value");
  }
  /* alert.title, labels.env, labels["a-b"], alert.labels.env; `call`: a method that follows. */
  field(): { field: string; call?: string } {
    const path = [this.name()];
    for (;;) {
      if (this.eat(".")) {
        const next = this.name();
        if (this.peek("(")) return { field: named(path), call: next };
        path.push(next);
      } else if (this.eat("[")) {
        path.push(String(this.value()));
        this.need("]");
      } else return { field: named(path) };
    }
  }
  term(): Condition {
    const not = this.eat("!");
    const token = this.list[this.at];
    if (token && "name" in token && token.name === "has") {
      this.at++;
      this.need("(");
      const { field } = this.field();
      this.need(")");
      return { field, op: not ? "not_exists" : "exists" };
    }
    if (not && this.eat("(")) {
      const inner = this.comparison();
      this.need(")");
      if (inner.op !== "in") throw new Error("not");
      return { ...inner, op: "not_in" };
    }
    const found = this.comparison();
    if (!not) return found;
    const opposite = { contains: "not_contains", matches: "not_matches" }[found.op as string];
    if (!opposite) throw new Error("not");
    return { ...found, op: opposite };
  }
  comparison(): Condition {
    const { field, call } = this.field();
    if (call) {
      const op = { contains: "contains", startsWith: "starts_with", endsWith: "ends_with", matches: "matches" }[call];
      if (!op) throw new Error(call);
      this.need("(");
      const value = this.value();
      this.need(")");
      return { field, op, value };
    }
    const token = this.list[this.at++];
    if (token && "name" in token && token.name === "in") {
      this.need("[");
      const list: unknown[] = [];
      while (!this.eat("]")) {
        list.push(this.value());
        if (!this.peek("]")) this.need(",");
      }
      return { field, op: "in", value: list };
    }
    const op = token && "sign" in token ? { "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=" }[token.sign] : undefined;
    if (!op) throw new Error("comparison");
    return { field, op, value: this.value() };
  }
}

function named(path: string[]): string {
  if (path[0] === "labels" && path.length === 2) return `labels.${path[1]}`;
  if (path[0] === "alert" && path.length > 1) return path.slice(1).join(".");
  throw new Error("field");
}

export function fromCel(text: string): Rows | undefined {
  if (/^\s*true\s*$/.test(text)) return { conditions: [], match: "all" };
  const list = tokens(text);
  if (!list?.length) return undefined;
  const reader = new Reader(list);
  try {
    const conditions = [reader.term()];
    const join = reader.peek("||") ? "||" : "&&";
    while (reader.at < list.length) {
      reader.need(join);
      conditions.push(reader.term());
    }
    return { conditions, match: join === "||" ? "any" : "all" };
  } catch {
    return undefined;
  }
}
