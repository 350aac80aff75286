/* The head of the screens about what is quiet: one place for all, a line of tabs below it. */
import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import type { ReactNode } from "react";
import { PageHead } from "@/ui/parts";

const TABS = [
  { to: "/quiet", label: "Now" },
  { to: "/quiet/silences", label: "Silences" },
  { to: "/quiet/maintenance", label: "Maintenance" },
  { to: "/quiet/inhibition", label: "Inhibition" },
  { to: "/quiet/report", label: "Report" },
] as const;

export function QuietHead({ title, sub, children }: { title: string; sub: ReactNode; children?: ReactNode }) {
  return (
    <>
      <PageHead title={title} sub={sub}>
        {children}
      </PageHead>
      <nav aria-label="What keeps quiet" className="mb-4 flex gap-4 overflow-x-auto border-b border-line">
        {TABS.map(({ to, label }) => (
          <Link key={to} to={to} activeOptions={{ exact: true, includeSearch: false }} className={clsx("-mb-px shrink-0 border-b-2 border-transparent py-2 font-medium text-quiet hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink")}>
            {label}
          </Link>
        ))}
      </nav>
    </>
  );
}
