/* Where one changes what holds an alert. */
import { Link } from "@tanstack/react-router";

const LINK = "font-medium text-accent-ink hover:underline";

export function HoldLink({ hold }: { hold: { reason: string | null; id?: string | null } }) {
  if (!hold.id) return null;
  switch (hold.reason) {
    case "silence":
      return (
        <Link to="/quiet/silences" search={{ edit: hold.id }} className={LINK}>
          The silence
        </Link>
      );
    case "maintenance":
      return (
        <Link to="/quiet/maintenance" search={{ edit: hold.id }} className={LINK}>
          The window
        </Link>
      );
    case "inhibition":
      return (
        <Link to="/quiet/inhibition" search={{ edit: hold.id }} className={LINK}>
          The rule
        </Link>
      );
    case "suppressed":
    case "pause":
      return (
        <Link to="/rules/$id" params={{ id: hold.id }} className={LINK}>
          The rule
        </Link>
      );
    default:
      return null;
  }
}
