/* A list of things and its states: loading, an error with the way out, nothing yet, rows. */
import clsx from "clsx";
import { Plus } from "lucide-react";
import type { ReactNode } from "react";
import { ROW_AT } from "@/lib/list";
import { Button } from "./button";
import { Failure, Rows } from "./parts";

interface Asked {
  isPending: boolean;
  isError: boolean;
  error: unknown;
  data?: unknown;
  refetch: () => unknown;
}

interface Props<T> {
  query: Asked;
  rows: T[];
  empty: ReactNode;
  skeleton?: number;
  bare?: boolean; // inside a card that has a border already
  children: (row: T, i: number) => ReactNode;
}

export function List<T>({ query, rows, empty, skeleton, bare, children }: Props<T>) {
  return (
    <div className={bare ? "" : "overflow-hidden rounded-lg border border-line bg-surface"}>
      {query.isPending ? (
        <Rows count={skeleton} />
      ) : query.isError && !query.data ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : rows.length === 0 ? (
        empty
      ) : (
        <ul className="divide-y divide-line">{rows.map(children)}</ul>
      )}
    </div>
  );
}

/* `here`: the keys stand on it. `off`: it does nothing at present. */
export function ListRow({ here, off, actions, children }: { here?: boolean; off?: boolean; actions?: ReactNode; children: ReactNode }) {
  return (
    <li data-cursor={here || undefined} className={clsx("flex flex-wrap items-start gap-x-3 gap-y-1 px-4 py-3", here && ROW_AT, off && "bg-ground")}>
      <div className="min-w-56 flex-1">{children}</div>
      {actions && <div className="flex flex-wrap items-center gap-1.5">{actions}</div>}
    </li>
  );
}

export function NewButton({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <Button look="primary" onClick={onClick}>
      <Plus className="size-4" aria-hidden /> {children}
    </Button>
  );
}
