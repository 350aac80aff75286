import clsx from "clsx";
import { Slot } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";

const LOOKS = {
  primary: "bg-accent text-white border-transparent hover:brightness-110",
  plain: "bg-surface text-ink border-line hover:bg-hover",
  quiet: "bg-transparent text-quiet border-transparent hover:bg-hover hover:text-ink",
  danger: "bg-surface text-red border-line hover:bg-red-wash",
};

type Props = ComponentProps<"button"> & { look?: keyof typeof LOOKS; small?: boolean; asChild?: boolean; busy?: boolean; shortcut?: string };

export function Button({ look = "plain", small, asChild, busy, shortcut, className, children, disabled, ...rest }: Props) {
  const Element = asChild ? Slot.Root : "button";
  return (
    <Element
      type={asChild ? undefined : "button"}
      aria-busy={busy || undefined}
      disabled={disabled || busy}
      className={clsx(
        "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md border font-medium transition-colors",
        "disabled:cursor-not-allowed disabled:opacity-55",
        small ? "h-7 px-2 text-xs" : "h-8 px-3 max-md:h-10",
        LOOKS[look],
        className,
      )}
      {...rest}
    >
      {asChild ? (
        children
      ) : (
        <>
          {children}
          {shortcut && <Kbd>{shortcut}</Kbd>}
        </>
      )}
    </Element>
  );
}

export function IconButton({ label, className, ...rest }: Props & { label: string }) {
  return <Button look="quiet" aria-label={label} title={label} className={clsx("!px-0", rest.small ? "w-7" : "w-8 max-md:w-10", className)} {...rest} />;
}

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd aria-hidden className="rounded border border-current/25 px-1 font-sans text-2xs leading-4 max-md:hidden">
      {children}
    </kbd>
  );
}
