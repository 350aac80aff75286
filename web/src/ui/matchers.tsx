/* Rows of matchers: a label, how it is compared, with what. Shared by silences, windows and inhibition rules. */
import { Plus, X } from "lucide-react";
import { useId } from "react";
import { type Matcher, OPS } from "@/lib/matchers";
import { Button, IconButton } from "./button";
import { Input, Select } from "./form";

const NAMES = ["service", "team", "integration", "priority", "source", "title", "severity", "env", "alertname", "instance", "job"];

interface Props {
  label: string;
  value: Matcher[];
  onChange: (value: Matcher[]) => void;
  offer?: Matcher[]; // that may be added by one click: the labels of an alert
  error?: string;
}

export function Matchers({ label, value, onChange, offer = [], error }: Props) {
  const id = useId();
  const put = (i: number, change: Partial<Matcher>) => onChange(value.map((one, k) => (k === i ? { ...one, ...change } : one)));
  const left = offer.filter((one) => !value.some((other) => other.name === one.name));
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1 font-medium">{label}</legend>
      {value.map((one, i) => (
        <div key={i} className="flex items-center gap-1.5 max-sm:flex-wrap">
          <Input className="min-w-0 flex-[3] font-mono !text-xs" list={`${id}-names`} aria-label={`Label ${i + 1}`} aria-invalid={error ? true : undefined} placeholder="label" value={one.name} onChange={(e) => put(i, { name: e.target.value })} />
          <Select className="!w-auto shrink-0 !pr-6" aria-label={`Comparison ${i + 1}`} value={one.op} onChange={(e) => put(i, { op: e.target.value as Matcher["op"] })}>
            {OPS.map(([op, words]) => (
              <option key={op} value={op}>
                {op} {words}
              </option>
            ))}
          </Select>
          <Input className="min-w-0 flex-[4] max-sm:min-w-[80%] font-mono !text-xs" dir="auto" aria-label={`Value ${i + 1}`} aria-invalid={error ? true : undefined} placeholder={one.op.endsWith("~") ? "regular expression" : "value"} value={one.value} onChange={(e) => put(i, { value: e.target.value })} />
          <IconButton small label={`Remove ${one.name || `matcher ${i + 1}`}`} onClick={() => onChange(value.filter((_, k) => k !== i))}>
            <X className="size-4" aria-hidden />
          </IconButton>
        </div>
      ))}
      <datalist id={`${id}-names`}>
        {[...new Set([...offer.map((one) => one.name), ...NAMES])].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <div className="flex flex-wrap items-center gap-1.5">
        <Button small onClick={() => onChange([...value, { name: "", op: "=", value: "" }])}>
          <Plus className="size-3.5" aria-hidden /> Label
        </Button>
        {left.slice(0, 12).map((one) => (
          <Button small look="quiet" key={one.name} className="max-w-full !border-line" onClick={() => onChange([...value, one])}>
            <Plus className="size-3 shrink-0" aria-hidden />
            <span className="max-w-48 truncate font-mono">
              {one.name}={one.value}
            </span>
          </Button>
        ))}
      </div>
      {error && (
        <p role="alert" className="foreign text-xs font-medium text-red">
          {error}
        </p>
      )}
    </fieldset>
  );
}

/* The same, to be read. */
export function MatcherChips({ matchers }: { matchers: Matcher[] }) {
  return (
    <span className="inline-flex min-w-0 flex-wrap gap-1">
      {matchers.map((one, i) => (
        <code key={i} className="foreign max-w-full rounded border border-line bg-ground px-1.5 py-0.5 font-mono text-xs">
          <span className="text-quiet">
            {one.name}
            {one.op}
          </span>
          {one.value || '""'}
        </code>
      ))}
    </span>
  );
}
