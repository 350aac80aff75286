/* Types, operations and form schemas from the server's /api/openapi.json.
 *
 *   node scripts/generate.mjs OPENAPI.json [FOLDER]     FOLDER: src/lib
 *
 * Writes api.gen.ts (types only: nothing of it is in the built page) and forms.gen.json (what generated forms need). */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [source, folder = join(dirname(fileURLToPath(import.meta.url)), "../src/lib")] = process.argv.slice(2);
const api = JSON.parse(readFileSync(source, "utf8"));
const schemas = api.components.schemas;

/* Forms of these are made from their tables; other kinds have pages of their own. */
const FORMS = ["Service", "Team", "User", "EscalationPolicy", "Schedule", "ApiKey", "ContactMethod", "Integration", "Connector", "IdentityProvider", "ScheduleBlock", "HolidayCalendar"];

const nameOf = (ref) => ref.split("/").pop();
const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
const comment = (text, indent) => (text ? `${indent}/** ${text.split("\n")[0].trim().replaceAll("*/", "")} */\n` : "");

function object(schema, indent) {
  const inner = indent + "  ";
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties ?? {}).map(([name, of]) => {
    // What the server answers is always there; what it is sent may be left out.
    const optional = !required.has(name) && !schema["x-answer"];
    return `${comment(of.description, inner)}${inner}${key(name)}${optional ? "?" : ""}: ${type(of, inner, schema["x-answer"])};\n`;
  });
  return rows.length ? `{\n${rows.join("")}${indent}}` : "Record<string, unknown>";
}

function plain(kind, schema, indent, answer) {
  switch (kind) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      // An item that is null is one that no answer holds.
      return `Array<${type(answer ? notNull(schema.items ?? {}) : (schema.items ?? {}), indent, answer)}>`;
    case "object": {
      if (schema.properties) return object({ ...schema, "x-answer": answer }, indent);
      const values = schema.additionalProperties;
      return values && typeof values === "object" ? `Record<string, ${type(values, indent, answer)}>` : "Record<string, unknown>";
    }
    default:
      throw new Error(`unknown type ${kind}`);
  }
}

function notNull(schema) {
  return Array.isArray(schema.type) ? { ...schema, type: schema.type.filter((t) => t !== "null") } : schema;
}

function type(schema, indent = "", answer = false) {
  if (schema.$ref) return nameOf(schema.$ref);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return [...new Set(schema.enum.map((value) => JSON.stringify(value)))].join(" | ");
  if (schema.allOf?.length === 1) return type(schema.allOf[0], indent, answer);
  const any = schema.oneOf ?? schema.anyOf;
  if (any) return [...new Set(any.map((part) => type(part, indent, answer)))].join(" | ");
  if (!schema.type) return "unknown";
  const kinds = Array.isArray(schema.type) ? schema.type : [schema.type];
  return kinds.map((kind) => plain(kind, schema, indent, answer)).join(" | ");
}

/* Schemas of answers hold every member; those of requests leave out what is not set. */
const isInput = (name) => /(Create|Update|Body)($|[A-Z])/.test(name);

function declaration(name) {
  const schema = schemas[name];
  const text = schema.type === "object" && schema.properties ? object({ ...schema, "x-answer": !isInput(name) }, "") : type(schema);
  return `${comment(schema.description, "")}export type ${name} = ${text};\n`;
}

function operation(method, path, op) {
  const of = (content) => content?.["application/json"]?.schema;
  const good = Object.entries(op.responses).find(([status]) => status.startsWith("2"))?.[1];
  const query = (op.parameters ?? []).filter((p) => p.in === "query");
  const params = query.map((p) => {
    const one = p.schema.type === "array" ? `${type(p.schema.items)} | ${type(p.schema)}` : type(p.schema);
    return `      ${key(p.name)}?: ${one};\n`;
  });
  const body = of(op.requestBody?.content);
  return (
    `${comment(op.summary, "  ")}  ${JSON.stringify(`${method.toUpperCase()} ${path}`)}: {\n` +
    `    query: ${params.length ? `{\n${params.join("")}    }` : "Record<string, never>"};\n` +
    `    body: ${body ? type(body, "    ") : "undefined"};\n` +
    `    answer: ${good?.content ? type(of(good.content) ?? {}, "    ") : "undefined"};\n  };\n`
  );
}

let out = "/* Made from /api/openapi.json by scripts/generate.mjs. Not to be edited. */\n\n";
out += Object.keys(schemas).map(declaration).join("\n");
out += "\nexport interface Operations {\n";
for (const [path, methods] of Object.entries(api.paths)) {
  if (!path.startsWith("/api/v1/")) continue;
  for (const [method, op] of Object.entries(methods))
    if (op.operationId) out += operation(method, path.slice("/api/v1".length), op);
}
out += "}\n";
writeFileSync(join(folder, "api.gen.ts"), out);

/* References inside are put in place; what an answer alone has is left out. */
function whole(schema) {
  if (schema === null || typeof schema !== "object") return schema;
  if (Array.isArray(schema)) return schema.map(whole);
  if (schema.$ref) return whole(schemas[nameOf(schema.$ref)]);
  const kept = Object.entries(schema).filter(([name]) => name !== "discriminator");
  return Object.fromEntries(kept.map(([name, value]) => [name, whole(value)]));
}
const forms = Object.fromEntries(FORMS.map((name) => [name, whole(schemas[`${name}Create`])]));
writeFileSync(join(folder, "forms.gen.json"), `${JSON.stringify(forms, null, 1)}\n`);

/* Rules have an editor of their own; it takes its actions and comparisons from here. */
const { actions, conditions } = whole(schemas.AlertRuleCreate).properties;
writeFileSync(join(folder, "rule-form.gen.json"), `${JSON.stringify({ properties: { actions, conditions } }, null, 1)}\n`);
