/* Fields: a label, the control, what it is for, what is wrong with it. */
import clsx from "clsx";
import { type ComponentProps, type ReactNode, useId } from "react";

const BOX =
  "w-full rounded-md border border-edge/60 bg-surface px-2.5 text-ink aria-[invalid=true]:border-red disabled:opacity-60 max-md:text-base";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string;
  optional?: boolean;
  children: (attributes: { id: string; "aria-describedby"?: string; "aria-invalid"?: boolean }) => ReactNode;
}

export function Field({ label, hint, error, optional, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
        {optional && <span className="ml-1.5 font-normal text-quiet">optional</span>}
      </label>
      {children({ id, "aria-describedby": described, "aria-invalid": error ? true : undefined })}
      {hint && (
        <p id={`${id}-hint`} className="text-xs text-quiet">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} role="alert" className="text-xs font-medium text-red">
          {error}
        </p>
      )}
    </div>
  );
}

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={clsx(BOX, "h-8 max-md:h-10", className)} {...rest} />;
}

/* A file of text, read here. */
export function FileInput({ onText, className, ...rest }: Omit<ComponentProps<"input">, "onChange"> & { onText: (text: string) => void }) {
  const read = async (files: FileList | null) => {
    if (files?.[0]) onText(await files[0].text());
  };
  return (
    <input
      type="file"
      className={clsx(BOX, "h-8 !pl-0 leading-7.5 max-md:h-10 max-md:leading-9.5", "file:mr-2.5 file:h-full file:cursor-pointer file:border-0 file:border-r file:border-line file:bg-hover file:px-2.5 file:font-medium file:text-ink", className)}
      onChange={(e) => read(e.target.files)}
      {...rest}
    />
  );
}

export function Area({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea dir="auto" className={clsx(BOX, "min-h-20 py-1.5", className)} {...rest} />;
}

/* The browser's own: quick, known to every assistive technology, and right on a phone. */
export function Select({ className, ...rest }: ComponentProps<"select">) {
  return <select className={clsx(BOX, "h-8 pr-7 max-md:h-10", className)} {...rest} />;
}

export function Checkbox({ className, ...rest }: ComponentProps<"input">) {
  return <input type="checkbox" className={clsx("size-4 shrink-0 cursor-pointer accent-(--accent)", className)} {...rest} />;
}

export function Segments<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: { value: T; label: ReactNode }[]; onChange: (value: T) => void }) {
  return (
    <div role="group" aria-label={label} className="inline-flex rounded-md border border-line bg-hover p-0.5">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className={clsx(
            "inline-flex h-6.5 items-center gap-1.5 rounded px-2.5 text-xs font-medium max-md:h-9",
            option.value === value ? "bg-surface text-ink shadow-sm" : "text-quiet hover:text-ink",
          )}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
