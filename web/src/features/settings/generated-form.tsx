/* A form made from what the server says of a resource: labels, hints, limits, and its sentences at the field. */
import { type FormEvent, useState } from "react";
import { isProblem, type Problem, send } from "@/lib/api";
import forms from "@/lib/forms.gen.json";
import { queryClient } from "@/lib/query";
import { Button } from "@/ui/button";
import { Field } from "@/ui/form";
import { toast } from "@/ui/toast";
import { blank, fieldLabel, plainText, type Schema, ValueEditor } from "./value-editor";

export type FormName = keyof typeof forms;
type Row = Record<string, unknown> & { id?: string; version?: number };

interface Props {
  form: FormName;
  plural: string;
  row?: Row; // to be changed; else a new one is made
  fixed?: Record<string, unknown>;
  only?: string[];
  onDone: (made?: Row) => void;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

export function GeneratedForm({ form, plural, row, fixed, only, onDone }: Props) {
  const schema = forms[form] as unknown as Schema;
  const names = Object.keys(schema.properties ?? {}).filter((name) => (only ? only.includes(name) : name !== "slug" && !(fixed && name in fixed)));
  const first = () => Object.fromEntries(names.map((name) => [name, row ? (row[name] ?? null) : schema.required?.includes(name) ? blank(schema.properties![name]!) : (schema.properties![name]!.default ?? null)]));
  const [values, setValues] = useState<Record<string, unknown>>(first);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const errorAt = (name: string) => problem?.errors.filter((e) => e.pointer === `/${name}` || e.pointer.startsWith(`/${name}/`)).map((e) => e.message).join("; ") || undefined;
  const named = new Set(names.map((name) => `/${name}`));
  const other = problem && !problem.errors.some((e) => [...named].some((n) => e.pointer === n || e.pointer.startsWith(`${n}/`)));

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    // Of a change only what was changed; of a new one only what was filled in.
    const wanted = Object.entries(values).filter(([name, value]) => (row ? !same(value, row[name] ?? null) : value !== null && value !== ""));
    const body = { ...fixed, ...Object.fromEntries(wanted) };
    try {
      const headers: Record<string, string> = row?.version ? { "If-Match": `"${row.version}"` } : {};
      const made = (await send(row ? "PATCH" : "POST", `/api/v1/${plural}${row ? `/${row.id}` : ""}`, body, headers)) as Row;
      await queryClient.invalidateQueries({ queryKey: [plural] });
      toast(row ? "Saved" : "Made");
      onDone(made);
    } catch (error) {
      if (isProblem(error)) setProblem(error);
      else throw error;
      setBusy(false);
    }
  }

  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {names.map((name) => {
        const of = schema.properties![name]!;
        return (
          <Field key={name} label={fieldLabel(name)} hint={plainText(of.description)} error={errorAt(name)} optional={!schema.required?.includes(name)}>
            {(attributes) => <ValueEditor schema={of} value={values[name]} onChange={(next) => setValues((old) => ({ ...old, [name]: next }))} name={fieldLabel(name)} attributes={attributes} />}
          </Field>
        );
      })}
      {other && (
        <p role="alert" className="rounded-md bg-red-wash px-3 py-2 text-red">
          {problem.status === 412 ? "Somebody changed this while you did. Close this form and open it again to see their values." : problem.message}
          {problem.errors.map((e) => (
            <span key={e.pointer} className="block">
              {e.pointer}: {e.message}
            </span>
          ))}
          {problem.request && ` (request ${problem.request})`}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onDone()}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy}>
          {row ? "Save" : "Make"}
        </Button>
      </div>
    </form>
  );
}
