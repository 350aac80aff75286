/* An editor for any value that a JSON schema describes: what the tables of the server know, this can fill in. Objects,
 * lists and unions nest; references become choices by name. */
import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { type ReactNode, useId } from "react";
import { namesQuery } from "@/lib/query";
import { Button, IconButton } from "@/ui/button";
import { Area, Checkbox, FileInput, Input, Select } from "@/ui/form";
import { words } from "@/ui/marks";
import { toInstant, toLocal } from "../oncall/cover";
import { localZone } from "@/lib/time";

export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  examples?: unknown[];
  format?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  minItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  additionalProperties?: boolean | Schema;
  "x-resource"?: string;
}

const NAMED = ["services", "teams", "users", "integrations", "escalation-policies", "schedules", "holiday-calendars"] as const;
type NamedKind = (typeof NAMED)[number];

export const kindsOf = (schema: Schema) => (Array.isArray(schema.type) ? schema.type : schema.type ? [schema.type] : []);
const has = (schema: Schema, kind: string) => kindsOf(schema).includes(kind);
export const isTime = (schema: Schema): boolean => schema.format === "date-time" || !!schema.anyOf?.some(isTime);
export const plainText = (text = "") => text
    .replace(/\s*Taken: [^.]*\./, "")
    .split("\n")[0]!
    .replaceAll("`", "")
    .replace(/\bnull\b/g, "empty") // a form knows no null
    .replace(/\bNull\b/g, "Empty")
    .trim();

/* What a new, empty value looks like. */
export function blank(schema: Schema): unknown {
  if (schema.default !== undefined && schema.default !== null) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.oneOf) return blank(schema.oneOf[0]!);
  if (schema.properties) {
    const needed = Object.entries(schema.properties).filter(([name, of]) => schema.required?.includes(name) || of.const !== undefined);
    return Object.fromEntries(needed.map(([name, of]) => [name, blank(of)]));
  }
  if (has(schema, "array")) return schema.minItems ? [blank(schema.items ?? {})] : [];
  if (has(schema, "object")) return {};
  if (has(schema, "boolean")) return false;
  if (has(schema, "integer") && schema.minimum !== undefined) return schema.minimum;
  return has(schema, "null") ? null : "";
}

interface Props {
  schema: Schema;
  value: unknown;
  onChange: (value: unknown) => void;
  attributes?: object; // id and aria-*
  name: string;
}

export function ValueEditor(props: Props): ReactNode {
  const { schema, value } = props;
  if (schema.oneOf) return <Union {...props} />;
  if (schema["x-resource"]) return <Reference {...props} />;
  if (schema.enum) return <Choice {...props} options={schema.enum.filter((v) => v !== null).map(String)} nullable={schema.enum.includes(null)} />;
  if (has(schema, "array")) return schema.items && has(schema.items, "string") && !schema.items["x-resource"] && !schema.items.enum ? <Lines {...props} /> : <List {...props} />;
  if (schema.properties) return <Group {...props} />;
  if (has(schema, "object")) return <Pairs {...props} />;
  if (has(schema, "boolean")) return <Checkbox {...props.attributes} checked={value === true} onChange={(e) => props.onChange(e.target.checked)} />;
  if (has(schema, "integer") || has(schema, "number")) return <NumberBox {...props} />;
  if (isTime(schema)) return <TimeBox {...props} />;
  if (schema.format === "local-date-time") return <WallTimeBox {...props} />;
  return <Text {...props} />;
}

function Text({ schema, value, onChange, attributes, name }: Props) {
  const set = (text: string) => onChange(text === "" && has(schema, "null") ? null : text);
  const example = schema.examples?.[0];
  const common = { ...attributes, value: (value as string | null) ?? "", placeholder: typeof example === "string" ? example : undefined, maxLength: schema.maxLength };
  if (name === ICS)
    return (
      <>
        <Area {...common} className="font-mono text-xs" onChange={(e) => set(e.target.value)} />
        <FileInput accept=".ics,text/calendar" aria-label="Read it from a file" onText={set} />
      </>
    );
  if ((schema.maxLength ?? 0) > 2000) return <Area {...common} onChange={(e) => set(e.target.value)} />;
  return (
    <>
      <Input {...common} dir="auto" type={schema.format === "email" ? "email" : "text"} list={schema.format === "time-zone" ? "zones" : undefined} aria-label={attributes ? undefined : name} onChange={(e) => set(e.target.value)} />
      {schema.format === "time-zone" && <Zones />}
    </>
  );
}

function Zones() {
  return (
    <datalist id="zones">
      {Intl.supportedValuesOf("timeZone").map((zone) => (
        <option key={zone} value={zone} />
      ))}
    </datalist>
  );
}

function NumberBox({ schema, value, onChange, attributes, name }: Props) {
  return (
    <Input
      {...attributes}
      type="number"
      aria-label={attributes ? undefined : name}
      min={schema.minimum}
      max={schema.maximum}
      value={(value as number | null) ?? ""}
      placeholder={schema.default !== undefined ? String(schema.default ?? "") : undefined}
      onChange={(e) => onChange(e.target.value === "" ? null : Number(e.target.value))}
    />
  );
}

function TimeBox({ value, onChange, attributes, name }: Props) {
  const zone = localZone();
  const local = value ? toLocal(Date.parse(value as string), zone) : "";
  return <Input {...attributes} aria-label={attributes ? undefined : name} type="datetime-local" value={local} onChange={(e) => onChange(e.target.value ? new Date(toInstant(e.target.value, zone)).toISOString() : null)} />;
}

/* A time on the wall, in whatever zone the schedule has. */
function WallTimeBox({ value, onChange, attributes, name }: Props) {
  return <Input {...attributes} aria-label={attributes ? undefined : name} type="datetime-local" value={((value as string | null) ?? "").slice(0, 16)} onChange={(e) => onChange(e.target.value ? `${e.target.value}:00` : null)} />;
}

function Choice({ value, onChange, attributes, name, options, nullable }: Props & { options: string[]; nullable: boolean }) {
  return (
    <Select {...attributes} aria-label={attributes ? undefined : name} value={value == null ? "" : String(value)} onChange={(e) => onChange(e.target.value === "" ? null : e.target.value)}>
      {(nullable || value == null) && <option value="">–</option>}
      {options.map((option) => (
        <option key={option} value={option}>
          {words(option)}
        </option>
      ))}
    </Select>
  );
}

function Reference(props: Props) {
  const { schema, value, onChange, attributes, name } = props;
  const kind = schema["x-resource"] as NamedKind;
  const known = NAMED.includes(kind);
  const list = useQuery({ ...namesQuery(known ? kind : "users"), enabled: known }).data;
  if (!known) return <Text {...props} />;
  return (
    <Select {...attributes} aria-label={attributes ? undefined : name} value={(value as string | null) ?? ""} onChange={(e) => onChange(e.target.value || (has(schema, "null") ? null : ""))}>
      <option value="">–</option>
      {list?.map((one) => (
        <option key={one.id} value={one.id}>
          {one.name}
        </option>
      ))}
    </Select>
  );
}

/* A list of words: one a line. */
function Lines({ value, onChange, attributes, name }: Props) {
  return <Area {...attributes} aria-label={attributes ? undefined : name} className="!min-h-16 font-mono text-xs" placeholder="one a line" value={((value as string[] | null) ?? []).join("\n")} onChange={(e) => onChange(e.target.value === "" ? [] : e.target.value.split("\n"))} />;
}

/* Words to words: "name=value", one a line. */
function Pairs({ value, onChange, attributes, name }: Props) {
  const text = Object.entries((value as Record<string, string> | null) ?? {})
    .map(([key, of]) => `${key}=${of}`)
    .join("\n");
  return (
    <Area
      {...attributes}
      aria-label={attributes ? undefined : name}
      className="!min-h-16 font-mono text-xs"
      placeholder="name=value, one a line"
      defaultValue={text}
      onBlur={(e) => {
        const rows = e.target.value.split("\n").filter((line) => line.trim());
        onChange(Object.fromEntries(rows.map((line) => (line.includes("=") ? [line.slice(0, line.indexOf("=")).trim(), line.slice(line.indexOf("=") + 1).trim()] : [line.trim(), ""]))));
      }}
    />
  );
}

function List({ schema, value, onChange, name }: Props) {
  const items = (value as unknown[] | null) ?? [];
  const of = schema.items ?? {};
  const put = (i: number, next: unknown) => onChange(items.map((item, k) => (k === i ? next : item)));
  const big = !!of.properties || !!of.oneOf || has(of, "array");
  return (
    <div className="flex flex-col gap-2">
      {items.map((item, i) => (
        <div key={i} className={big ? "flex items-start gap-2 rounded-md border border-line p-3" : "flex items-center gap-2"}>
          <div className="min-w-0 flex-1">
            {big && <p className="mb-2 text-xs font-semibold text-quiet">{i + 1}</p>}
            <ValueEditor schema={of} value={item} onChange={(next) => put(i, next)} name={`${name} ${i + 1}`} />
          </div>
          <IconButton small label={`Remove ${name} ${i + 1}`} onClick={() => onChange(items.filter((_, k) => k !== i))}>
            <X className="size-4" aria-hidden />
          </IconButton>
        </div>
      ))}
      <Button small className="self-start" onClick={() => onChange([...items, blank(of)])}>
        <Plus className="size-3.5" aria-hidden /> Add
      </Button>
    </div>
  );
}

export function Group({ schema, value, onChange, skip = [] }: Props & { skip?: string[] }) {
  const row = (value as Record<string, unknown> | null) ?? {};
  const id = useId();
  return (
    <div className="flex flex-col gap-3">
      {Object.entries(schema.properties ?? {}).map(([name, of]) =>
        of.const !== undefined || skip.includes(name) || name === "anchor" ? null : (
          <div key={name} className="flex flex-col gap-1">
            <label htmlFor={`${id}-${name}`} className="text-xs font-medium">
              {name === "id" && of.description ? plainText(of.description).replace(/\.$/, "") : fieldLabel(name)}
              {!schema.required?.includes(name) && <span className="ml-1.5 font-normal text-quiet">optional</span>}
            </label>
            <ValueEditor schema={of} value={row[name] ?? null} onChange={(next) => onChange({ ...row, [name]: next })} name={fieldLabel(name)} attributes={{ id: `${id}-${name}` }} />
            {of.description && name !== "id" && <p className="text-xs text-quiet">{plainText(of.description)}</p>}
          </div>
        ),
      )}
    </div>
  );
}

/* One of several forms, told apart by a word. */
export function Union({ schema, value, onChange, name, attributes }: Props) {
  const row = (value as Record<string, unknown> | null) ?? {};
  const tag = Object.entries(schema.oneOf![0]!.properties ?? {}).find(([, of]) => of.const !== undefined || of.enum?.length === 1)?.[0] ?? "kind";
  const tagOf = (one: Schema) => String(one.properties?.[tag]?.const ?? one.properties?.[tag]?.enum?.[0]);
  const chosen = schema.oneOf!.find((one) => tagOf(one) === row[tag]) ?? schema.oneOf![0]!;
  return (
    <div className="flex flex-col gap-2">
      <Select {...attributes} aria-label={`${name}: ${tag}`} value={tagOf(chosen)} onChange={(e) => onChange({ ...(blank(schema.oneOf!.find((one) => tagOf(one) === e.target.value)!) as object), [tag]: e.target.value })}>
        {schema.oneOf!.map((one) => (
          <option key={tagOf(one)} value={tagOf(one)}>
            {words(tagOf(one))}
          </option>
        ))}
      </Select>
      <Group schema={chosen} value={row} onChange={(next) => onChange({ ...(next as object), [tag]: tagOf(chosen) })} name={name} skip={[tag]} />
    </div>
  );
}

const ICS = "Calendar file";
const LABELS: Record<string, string> = { client_id: "Client ID", ics: ICS, url: "URL" }; // a client's id names nothing of ours

export function fieldLabel(name: string) {
  if (LABELS[name]) return LABELS[name];
  const text = name.replace(/_ids?$/, (end) => (end === "_ids" ? "s" : "")).replace(/_s$/, " (seconds)").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
