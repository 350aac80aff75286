/* Every place of the page. Each screen is a chunk of its own. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, redirect, type ErrorComponentProps } from "@tanstack/react-router";
import { Button } from "@/ui/button";
import { Empty, Failure, Rows } from "@/ui/parts";
import { Shell } from "./shell";

function NotFound() {
  return (
    <>
      <h1 className="sr-only">There is no such page</h1>
      <Empty
        title="There is no such page"
        action={
          <Button asChild>
            <Link to="/">Home</Link>
          </Button>
        }
      />
    </>
  );
}

/* A chunk that is gone: the server was upgraded while this tab was open. */
function Broken({ error, reset }: ErrorComponentProps) {
  const old = /dynamically imported module|module script failed/i.test(String(error));
  if (old)
    return (
      <Empty title="Tocsin was upgraded" action={<Button look="primary" onClick={() => location.reload()}>Load the new page</Button>}>
        This tab still shows the old page.
      </Empty>
    );
  return <Failure error={error} retry={reset} />;
}

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Broken });
const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
const screen = <P extends string>(path: P, load: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) });

export interface AlertSearch {
  status?: string;
  priority?: string;
  service?: string;
  integration?: string;
  team?: string;
  unrouted?: string;
  sort?: string;
  q?: string; // CEL
}
const alertSearch = (search: Record<string, unknown>): AlertSearch => ({
  status: text(search.status),
  priority: text(search.priority),
  service: text(search.service),
  integration: text(search.integration),
  team: text(search.team),
  unrouted: text(search.unrouted),
  sort: text(search.sort),
  q: text(search.q),
});
const alertsPage = () => import("@/features/alerts/list");
const alerts = createRoute({ getParentRoute: () => root, path: "/alerts", validateSearch: alertSearch, component: lazyRouteComponent(alertsPage) });
const alert = createRoute({ getParentRoute: () => root, path: "/alerts/$id", validateSearch: alertSearch, component: lazyRouteComponent(alertsPage) });

export interface IncidentSearch {
  tab?: string;
}
const incidentSearch = (search: Record<string, unknown>): IncidentSearch => ({ tab: text(search.tab) });

export interface EditSearch {
  edit?: string;
}
const editSearch = (search: Record<string, unknown>): EditSearch => ({ edit: text(search.edit) });
export interface QuietSearch {
  reason?: string; // of what is quiet now
  days?: string; // of the report
  state?: string; // of silences: ended
  edit?: string; // which is open; "new"
}
const quietSearch = (search: Record<string, unknown>): QuietSearch => ({ reason: text(search.reason), days: search.days === undefined ? undefined : String(search.days), state: text(search.state), edit: text(search.edit) });
const quiet = <P extends string>(path: P, load: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({ getParentRoute: () => root, path, validateSearch: quietSearch, component: lazyRouteComponent(load) });
const settingsKind = createRoute({
  getParentRoute: () => root,
  path: "/settings/$kind",
  validateSearch: editSearch,
  component: lazyRouteComponent(() => import("@/features/settings/kind")),
});

/* Addresses that messages and calendar feeds name. */
const myPage = createRoute({
  getParentRoute: () => root,
  path: "/me",
  beforeLoad: () => {
    throw redirect({ to: "/on-call/me", replace: true });
  },
});
const scheduleLink = createRoute({
  getParentRoute: () => root,
  path: "/schedules/$id",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/on-call/$id", params, replace: true });
  },
});

const routes = [
  myPage,
  scheduleLink,
  screen("/", () => import("@/features/home/home")),
  alerts,
  alert,
  screen("/incidents", () => import("@/features/incidents/list")),
  createRoute({ getParentRoute: () => root, path: "/incidents/$id", validateSearch: incidentSearch, component: lazyRouteComponent(() => import("@/features/incidents/detail")) }),
  screen("/on-call", () => import("@/features/oncall/on-call")),
  screen("/on-call/me", () => import("@/features/oncall/me")),
  screen("/on-call/readiness", () => import("@/features/readiness/list")),
  screen("/on-call/report", () => import("@/features/reports/on-call")),
  screen("/on-call/covers", () => import("@/features/covers/list")),
  screen("/on-call/$id", () => import("@/features/oncall/schedule")),
  screen("/integrations", () => import("@/features/integrations/list")),
  screen("/integrations/new", () => import("@/features/integrations/create")),
  screen("/integrations/$id", () => import("@/features/integrations/detail")),
  screen("/integrations/$id/mapping", () => import("@/features/integrations/mapping")),
  screen("/rules", () => import("@/features/rules/list")),
  screen("/rules/$id", () => import("@/features/rules/editor")),
  quiet("/quiet", () => import("@/features/quiet/now")),
  quiet("/quiet/report", () => import("@/features/quiet/report")),
  quiet("/quiet/silences", () => import("@/features/silences/list")),
  quiet("/quiet/maintenance", () => import("@/features/maintenance/list")),
  quiet("/quiet/inhibition", () => import("@/features/inhibition/list")),
  quiet("/heartbeats", () => import("@/features/heartbeats/list")),
  screen("/settings", () => import("@/features/settings/settings")),
  createRoute({ getParentRoute: () => root, path: "/settings/connectors", validateSearch: editSearch, component: lazyRouteComponent(() => import("@/features/connectors/list")) }),
  screen("/suggestions", () => import("@/features/together/list")),
  screen("/settings/sessions", () => import("@/features/settings/sessions")),
  settingsKind,
  // Built only into development pages: a gallery of the parts.
  ...(import.meta.env.DEV ? [screen("/dev/ui", () => import("@/features/dev/gallery"))] : []),
];

export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  defaultPendingComponent: () => <Rows />,
  defaultPendingMs: 150,
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
  // Plain words in the address, not JSON.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(search)) if (value !== undefined && value !== "") query.set(name, String(value));
    const tail = query.toString();
    return tail ? `?${tail}` : "";
  },
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
