/* Short news at the foot of the page, with a way back where there is one. Errors stay until they are closed. */
import clsx from "clsx";
import { X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { isProblem } from "@/lib/api";
import { Button, IconButton } from "./button";

interface Toast {
  id: number;
  text: string;
  detail?: string;
  bad?: boolean;
  undo?: () => void;
}

const STAYS_MS = 6000;
let toasts: Toast[] = [];
let last = 0;
const watchers = new Set<() => void>();

function set(next: Toast[]) {
  toasts = next;
  for (const watcher of watchers) watcher();
}
const close = (id: number) => set(toasts.filter((toast) => toast.id !== id));

export function toast(text: string, options: Omit<Toast, "id" | "text"> = {}) {
  const id = ++last;
  set([...toasts.slice(-3), { id, text, ...options }]);
  if (!options.bad) setTimeout(() => close(id), STAYS_MS);
}

export function toastProblem(what: string, error: unknown) {
  const problem = isProblem(error) ? error : undefined;
  const detail = [problem?.message ?? String(error), problem?.request && `Request ${problem.request}`].filter(Boolean).join(" ");
  toast(what, { bad: true, detail });
}

export function Toasts() {
  const list = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    () => toasts,
  );
  return (
    <div role="region" aria-label="Notices" className="pointer-events-none fixed inset-x-0 bottom-4 z-[60] flex flex-col items-center gap-2 px-4">
      {list.map((one) => (
        <div
          key={one.id}
          role={one.bad ? "alert" : "status"}
          className={clsx("appear pointer-events-auto flex w-full max-w-md items-center gap-2 rounded-lg border bg-raised py-2 pr-2 pl-4 shadow-xl", one.bad ? "border-red" : "border-line")}
        >
          <div className="min-w-0 flex-1">
            <p className={clsx("font-medium", one.bad && "text-red")}>{one.text}</p>
            {one.detail && <p className="foreign text-quiet">{one.detail}</p>}
          </div>
          {one.undo && (
            <Button
              small
              onClick={() => {
                close(one.id);
                one.undo?.();
              }}
            >
              Undo
            </Button>
          )}
          <IconButton label="Close notice" small onClick={() => close(one.id)}>
            <X className="size-4" aria-hidden />
          </IconButton>
        </div>
      ))}
    </div>
  );
}
