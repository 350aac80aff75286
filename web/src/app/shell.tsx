/* The frame of every screen: where one may go, who one is, whether the stream lives, and what lies over all. */
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import clsx from "clsx";
import { BellOff, BookOpen, CalendarClock, Flame, HeartPulse, Home, type LucideIcon, Menu as MenuIcon, Monitor, Moon, Plug, Plus, Search, Settings, Siren, Split, Sun, WifiOff, X } from "lucide-react";
import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from "react";
import { send } from "@/lib/api";
import { useKeys } from "@/lib/keys";
import { choose, chosenDensity, chosenTheme, type Theme } from "@/lib/looks";
import { flush, waiting } from "@/lib/outbox";
import { meQuery, organizationQuery, queryClient } from "@/lib/query";
import { startStream, stopStream, streamState, watchStream } from "@/lib/stream";
import { Button, IconButton, Kbd } from "@/ui/button";
import { Avatar } from "@/ui/marks";
import { Menu, MenuCheck, MenuHead, MenuItem, MenuLine } from "@/ui/overlay";
import { toast, toastProblem, Toasts } from "@/ui/toast";
import { Bell } from "./logo";

const Palette = lazy(() => import("./palette"));
const KeySheet = lazy(() => import("./key-sheet"));
const Declare = lazy(() => import("@/features/incidents/declare"));

const PLACES: { to: string; label: string; icon: LucideIcon; key: string }[] = [
  { to: "/", label: "Home", icon: Home, key: "g h" },
  { to: "/alerts", label: "Alerts", icon: Siren, key: "g a" },
  { to: "/incidents", label: "Incidents", icon: Flame, key: "g i" },
  { to: "/quiet", label: "Quiet", icon: BellOff, key: "g q" },
  { to: "/on-call", label: "On call", icon: CalendarClock, key: "g o" },
  { to: "/integrations", label: "Integrations", icon: Plug, key: "g n" },
  { to: "/heartbeats", label: "Heartbeats", icon: HeartPulse, key: "g b" },
  { to: "/rules", label: "Rules", icon: Split, key: "g r" },
  { to: "/settings", label: "Settings", icon: Settings, key: "g s" },
];

type Over = "palette" | "keys" | "declare" | null;
let show: (over: Over) => void = () => undefined;
export const openOver = (over: Over) => show(over);

function Nav({ onGo }: { onGo?: () => void }) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <nav aria-label="Main" className="flex flex-col gap-0.5">
      {PLACES.map(({ to, label, icon: Icon, key }) => {
        const here = to === "/" ? path === "/" : path.startsWith(to);
        return (
          <Link
            key={to}
            to={to}
            onClick={onGo}
            aria-current={here ? "page" : undefined}
            title={`${label} (${key})`}
            className={clsx(
              "flex h-8 items-center gap-2.5 rounded-md px-2.5 font-medium max-md:h-11",
              here ? "bg-hover text-ink" : "text-quiet hover:bg-hover hover:text-ink",
            )}
          >
            <Icon className={clsx("size-4", here && "text-accent-ink")} aria-hidden />
            {label}
          </Link>
        );
      })}
    </nav>
  );
}

async function signOut() {
  stopStream();
  await send("POST", "/api/v1/sign-out").catch(() => undefined);
  queryClient.clear();
  location.assign("/");
}

const THEMES: { value: Theme; label: string; icon: LucideIcon }[] = [
  { value: "system", label: "System", icon: Monitor },
  { value: "light", label: "Light", icon: Sun },
  { value: "dark", label: "Dark", icon: Moon },
];

function Account() {
  const me = useQuery(meQuery).data;
  const navigate = useNavigate();
  const [, redraw] = useState(0);
  const set = (name: "theme" | "density", value: string) => {
    choose(name, value);
    redraw((n) => n + 1);
  };
  const name = me?.name ?? "…";
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className="flex w-full items-center gap-2 rounded-md p-2 text-left hover:bg-hover">
          <Avatar name={name} id={me?.id ?? ""} size="size-6" />
          <span className="min-w-0 flex-1 truncate font-medium">{name}</span>
        </button>
      }
    >
      <MenuHead>{me?.email ?? ""}</MenuHead>
      <MenuItem onSelect={() => navigate({ to: "/on-call/me" })}>My contact methods</MenuItem>
      <MenuItem onSelect={() => navigate({ to: "/settings/sessions" })}>Where I am signed in</MenuItem>
      <MenuLine />
      <MenuHead>Theme</MenuHead>
      {THEMES.map(({ value, label, icon: Icon }) => (
        <MenuCheck key={value} checked={chosenTheme() === value} onChange={() => set("theme", value)}>
          <Icon className="size-4" aria-hidden /> {label}
        </MenuCheck>
      ))}
      <MenuLine />
      <MenuCheck checked={chosenDensity() === "compact"} onChange={(on) => set("density", on ? "compact" : "comfortable")}>
        Compact rows
      </MenuCheck>
      <MenuCheck
        checked={localStorage.getItem("tocsin.keys") !== "off"}
        onChange={(on) => {
          localStorage.setItem("tocsin.keys", on ? "on" : "off");
          redraw((n) => n + 1);
        }}
      >
        Keys of one letter
      </MenuCheck>
      <MenuItem onSelect={() => openOver("keys")} shortcut="?">
        Keys
      </MenuItem>
      <MenuLine />
      <MenuItem onSelect={signOut}>Sign out</MenuItem>
    </Menu>
  );
}

/* Said when news may be missing, and when it is not any more. */
function StreamNotice() {
  const state = useSyncExternalStore(watchStream, streamState);
  const [back, setBack] = useState(false);
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (state === "lost") {
      const timer = setTimeout(() => setLate(true), 1500); // a blink is no news
      return () => clearTimeout(timer);
    }
    if (late && state === "open") {
      setLate(false);
      setBack(true);
      const timer = setTimeout(() => setBack(false), 4000);
      return () => clearTimeout(timer);
    }
  }, [state, late]);
  const lost = state === "lost" && late;
  return (
    <div role="status" className="empty:hidden">
      {lost && (
        <p className="flex items-center justify-center gap-2 bg-amber-wash px-4 py-1.5 text-amber">
          <WifiOff className="size-4" aria-hidden /> The connection was lost: what you see may be old. Trying again…
        </p>
      )}
      {!lost && back && <p className="bg-green-wash px-4 py-1.5 text-center text-green">Connected again; everything is up to date.</p>}
    </div>
  );
}

function Side({ onGo }: { onGo?: () => void }) {
  const organization = useQuery(organizationQuery).data;
  return (
    <>
      <div className="flex items-center gap-2 px-2 pb-3">
        <Bell className="size-6" />
        <span className="min-w-0 truncate font-semibold">{organization?.name ?? "Tocsin"}</span>
      </div>
      <button type="button" onClick={() => openOver("palette")} className="mb-2 flex h-8 items-center gap-2 rounded-md border border-line bg-surface px-2.5 text-quiet hover:bg-hover max-md:hidden">
        <Search className="size-3.5" aria-hidden />
        <span className="flex-1 text-left">Find or do</span>
        <Kbd>Ctrl K</Kbd>
      </button>
      <Button look="primary" className="mb-3 max-md:hidden" onClick={() => openOver("declare")}>
        <Plus className="size-4" aria-hidden /> Declare incident
      </Button>
      <Nav onGo={onGo} />
      <div className="mt-auto flex flex-col gap-0.5 pt-4">
        <a href="/api/docs" className="flex h-8 items-center gap-2.5 rounded-md px-2.5 font-medium text-quiet hover:bg-hover hover:text-ink">
          <BookOpen className="size-4" aria-hidden /> API
        </a>
        <Account />
      </div>
    </>
  );
}

export function Shell() {
  const navigate = useNavigate();
  const [over, setOver] = useState<Over>(null);
  const [drawer, setDrawer] = useState(false);
  show = setOver;
  useEffect(() => {
    startStream();
    return stopStream;
  }, []);
  const me = useQuery(meQuery).data?.id ?? "";
  useEffect(() => {
    const go = () =>
      void flush(me, { sent: (text) => toast(text), failed: toastProblem }).then(() => {
        for (const key of ["alerts", "incidents", "pages", "timeline"]) void queryClient.invalidateQueries({ queryKey: [key] });
      });
    if (waiting(me)) go();
    addEventListener("online", go);
    return () => removeEventListener("online", go);
  }, [me]);
  useEffect(() => {
    const palette = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setOver((now) => (now === "palette" ? null : "palette"));
    };
    addEventListener("keydown", palette);
    return () => removeEventListener("keydown", palette);
  }, []);
  useKeys({
    "?": () => setOver("keys"),
    c: () => setOver("declare"),
    ...Object.fromEntries(PLACES.map(({ key, to }) => [key, () => void navigate({ to })])),
  });
  const close = () => setOver(null);
  return (
    <div className="flex min-h-dvh">
      <a href="#main" className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded focus:bg-raised focus:px-3 focus:py-2">
        To the content
      </a>
      <aside className="sticky top-0 flex h-dvh w-56 shrink-0 flex-col border-r border-line bg-ground p-3 max-md:hidden">
        <Side />
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="sticky top-0 z-20 flex h-14 items-center gap-1 border-b border-line bg-ground px-2 md:hidden">
          <IconButton label={drawer ? "Close menu" : "Menu"} aria-expanded={drawer} onClick={() => setDrawer(!drawer)}>
            {drawer ? <X className="size-5" aria-hidden /> : <MenuIcon className="size-5" aria-hidden />}
          </IconButton>
          <Bell className="size-6" />
          <span className="flex-1 pl-1 font-semibold">Tocsin</span>
          <IconButton label="Find or do" onClick={() => setOver("palette")}>
            <Search className="size-5" aria-hidden />
          </IconButton>
          <IconButton label="Declare incident" onClick={() => setOver("declare")}>
            <Plus className="size-5" aria-hidden />
          </IconButton>
        </header>
        {drawer && (
          <div className="sticky top-14 z-20 flex h-[calc(100dvh-3.5rem)] flex-col overflow-y-auto bg-ground p-3 md:hidden">
            <Side onGo={() => setDrawer(false)} />
          </div>
        )}
        <StreamNotice />
        <main id="main" tabIndex={-1} className={clsx("min-w-0 flex-1 p-4 outline-none md:p-6", drawer && "max-md:hidden")}>
          <Outlet />
        </main>
      </div>
      <Suspense>
        {over === "palette" && <Palette onClose={close} />}
        {over === "keys" && <KeySheet onClose={close} />}
        {over === "declare" && <Declare onClose={close} />}
      </Suspense>
      <Toasts />
    </div>
  );
}
