/* What lies over the page: dialogs, side sheets, menus. Radix brings focus, Escape and names; the looks are ours. */
import clsx from "clsx";
import { X } from "lucide-react";
import { Dialog as Radix, DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { IconButton, Kbd } from "./button";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  sub?: ReactNode;
  children: ReactNode;
  wide?: boolean;
  reading?: boolean; // nothing inside takes the focus: the content itself does, so that keys scroll it
}

const VEIL = "fixed inset-0 z-40 bg-black/45";

export function Dialog({ open, onClose, title, sub, children, wide, reading }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={VEIL} />
        <Radix.Content
          aria-describedby={undefined}
          data-modal
          onOpenAutoFocus={(event) => {
            // Where one types, not where one leaves.
            const first = (event.currentTarget as HTMLElement).querySelector<HTMLElement>("[autofocus], input:not([type=hidden]), textarea, select");
            if (!first) return;
            event.preventDefault();
            first.focus();
          }}
          className={clsx(
            "appear fixed top-[10vh] left-1/2 z-50 flex max-h-[80vh] w-[calc(100vw-2rem)] -translate-x-1/2 flex-col rounded-xl border border-line bg-raised shadow-2xl",
            wide ? "max-w-3xl" : "max-w-lg",
          )}
        >
          <header className="flex items-start gap-2 px-5 pt-4 pb-3">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
              {sub && <p className="text-quiet">{sub}</p>}
            </div>
            <Radix.Close asChild>
              <IconButton label="Close" small>
                <X className="size-4" aria-hidden />
              </IconButton>
            </Radix.Close>
          </header>
          <div tabIndex={reading ? 0 : undefined} className="min-h-0 overflow-y-auto px-5 pb-5">
            {children}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/* Beside the list: the list stays, and its keys go on working. On a phone it is the whole screen. */
export function Sheet({ open, onClose, label, children }: { open: boolean; onClose: () => void; label: string; children: ReactNode }) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()} modal={false}>
      <Radix.Portal>
        <Radix.Content
          aria-describedby={undefined}
          onInteractOutside={(event) => event.preventDefault()}
          onOpenAutoFocus={(event) => event.preventDefault()}
          className="slide-in fixed inset-y-0 right-0 z-30 flex w-full flex-col border-l border-line bg-surface shadow-2xl md:w-[34rem]"
        >
          <Radix.Title className="sr-only">{label}</Radix.Title>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function Menu({ trigger, children, align = "end" }: { trigger: ReactNode; children: ReactNode; align?: "start" | "end" }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align={align} sideOffset={4} collisionPadding={8} className="appear z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-48 overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-xl">
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

const ITEM = "flex h-8 cursor-pointer select-none items-center gap-2 rounded px-2 outline-none data-[disabled]:opacity-50 data-[highlighted]:bg-hover max-md:h-10";

export function MenuItem({ children, onSelect, danger, shortcut, disabled }: { children: ReactNode; onSelect: () => void; danger?: boolean; shortcut?: string; disabled?: boolean }) {
  return (
    <DropdownMenu.Item disabled={disabled} onSelect={onSelect} className={clsx(ITEM, danger && "text-red")}>
      <span className="flex flex-1 items-center gap-2">{children}</span>
      {shortcut && <Kbd>{shortcut}</Kbd>}
    </DropdownMenu.Item>
  );
}

export function MenuCheck({ children, checked, onChange }: { children: ReactNode; checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <DropdownMenu.CheckboxItem checked={checked} onCheckedChange={onChange} onSelect={(event) => event.preventDefault()} className={ITEM}>
      <span aria-hidden className={clsx("inline-flex size-3.5 items-center justify-center rounded-sm border border-edge text-[9px]", checked && "border-transparent bg-accent text-white")}>
        {checked && "✓"}
      </span>
      {children}
    </DropdownMenu.CheckboxItem>
  );
}

export const MenuLine = () => <DropdownMenu.Separator className="my-1 h-px bg-line" />;
export const MenuHead = ({ children }: { children: ReactNode }) => <DropdownMenu.Label className="px-2 py-1 text-xs font-medium text-quiet">{children}</DropdownMenu.Label>;
