import { useState } from "react";
import { useKeys } from "./keys";

/* The keys of a list: j and k move, Enter opens. The row at the cursor has the class of ROW_AT. */
export function useCursor<T>(rows: T[], open: (row: T) => void) {
  const [at, setAt] = useState(-1);
  const move = (by: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, at + by));
    setAt(next);
    requestAnimationFrame(() => document.querySelector("[data-cursor]")?.scrollIntoView({ block: "nearest" }));
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => rows[at] && open(rows[at]),
  });
  return at;
}
export const ROW_AT = "bg-hover shadow-[inset_3px_0_var(--accent)]";
