/* A form made from what the server says of a resource: labels, hints, limits, and its sentences at the field. */
import { type ReactNode, useState } from "react";
import { send } from "@/lib/api";
import forms from "@/lib/forms.gen.json";
import { same, useWrite } from "@/lib/write";
import { Field } from "@/ui/form";
import { FormShell } from "@/ui/form-shell";
import { blank, fieldLabel, plainText, type Schema, ValueEditor } from "./value-editor";

export type FormName = keyof typeof forms;
type Row = Record<string, unknown> & { id?: string; version?: number };

interface Props {
  form: FormName;
  plural: string;
  row?: Row; // to be changed; else a new one is made
  fixed?: Record<string, unknown>;
  only?: string[];
  below?: (values: Record<string, unknown>, row?: Row) => ReactNode; // what follows from what is filled in, or is kept of it
  onDone: (made?: Row) => void;
}

export function GeneratedForm({ form, plural, row, fixed, only, below, onDone }: Props) {
  const schema = forms[form] as unknown as Schema;
  const names = Object.keys(schema.properties ?? {}).filter((name) => (only ? only.includes(name) : name !== "slug" && !(fixed && name in fixed)));
  const fresh = () => Object.fromEntries(names.map((name) => [name, row ? (row[name] ?? null) : schema.required?.includes(name) ? blank(schema.properties![name]!) : (schema.properties![name]!.default ?? null)]));
  const [values, setValues] = useState<Record<string, unknown>>(fresh);
  const [first] = useState(values);
  const write = useWrite<Row>({
    old: row,
    load: () => send("GET", `/api/v1/${plural}/${row!.id}`) as Promise<Row>,
    send: (body, version) => send(row ? "PATCH" : "POST", `/api/v1/${plural}${row ? `/${row.id}` : ""}`, body, version === undefined ? {} : { "If-Match": `"${version}"` }) as Promise<Row>,
    again: [plural],
    said: row ? "Saved" : "Made",
    done: onDone,
  });
  // Of a change only what was changed; of a new one only what was filled in.
  const filled = (all: boolean) => Object.fromEntries(Object.entries(values).filter(([name, value]) => (row && !all ? !same(value, first[name]) : value !== null && value !== "")));

  return (
    <FormShell write={write} body={() => ({ ...fixed, ...filled(false) })} onCancel={() => onDone()} submit={row ? "Save" : "Make"}>
      {names.map((name) => {
        const of = schema.properties![name]!;
        return (
          <Field key={name} label={fieldLabel(name)} hint={plainText(of.description)} error={write.at(name)} optional={!schema.required?.includes(name)}>
            {(attributes) => <ValueEditor schema={of} value={values[name]} onChange={(next) => setValues((old) => ({ ...old, [name]: next }))} name={fieldLabel(name)} attributes={attributes} />}
          </Field>
        );
      })}
      {below?.({ ...fixed, ...filled(true) }, row)}
    </FormShell>
  );
}
