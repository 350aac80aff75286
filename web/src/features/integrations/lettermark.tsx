import clsx from "clsx";
import { hue } from "@/ui/marks";

/* Plain letters stand for a vendor: no image of theirs. */
export function Lettermark({ name, big }: { name: string; big?: boolean }) {
  const letters = name.replace(/[^\p{L}\p{N} ]/gu, "").split(/\s+/).map((part) => part[0] ?? "").slice(0, 2).join("").toUpperCase();
  return (
    <span aria-hidden className={clsx("inline-flex shrink-0 items-center justify-center rounded-md font-semibold text-white", hue(name), big ? "size-9 text-sm" : "size-6 text-2xs")}>
      {letters}
    </span>
  );
}
