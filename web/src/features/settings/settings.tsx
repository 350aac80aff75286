import { Link } from "@tanstack/react-router";
import { useTitle } from "@/lib/hooks";
import { PageHead } from "@/ui/parts";
import { KINDS } from "./kinds";

export default function Settings() {
  useTitle("Settings");
  return (
    <div className="mx-auto max-w-4xl">
      <PageHead title="Settings" />
      <ul className="grid gap-3 sm:grid-cols-2">
        {KINDS.map((kind) => (
          <li key={kind.plural} className="relative rounded-lg border border-line bg-surface p-4 hover:bg-hover">
            <Link to="/settings/$kind" params={{ kind: kind.plural }} search={{}} className="font-semibold after:absolute after:inset-0">
              {kind.title}
            </Link>
            <p className="text-quiet">{kind.doc}</p>
          </li>
        ))}
        <li className="relative rounded-lg border border-line bg-surface p-4 hover:bg-hover">
          <Link to="/settings/sessions" className="font-semibold after:absolute after:inset-0">
            Sign-in and sessions
          </Link>
          <p className="text-quiet">Your second factor; where you are signed in.</p>
        </li>
      </ul>
    </div>
  );
}
