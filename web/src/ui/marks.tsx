/* Severity, priority and status: a shape and a word; colour only says it again. */
import clsx from "clsx";
import type { ReactNode } from "react";

type Tone = "red" | "orange" | "amber" | "green" | "blue" | "grey";
const TEXT: Record<Tone, string> = { red: "text-red", orange: "text-orange", amber: "text-amber", green: "text-green", blue: "text-blue", grey: "text-quiet" };
const WASH: Record<Tone, string> = {
  red: "bg-red-wash text-red",
  orange: "bg-orange-wash text-orange",
  amber: "bg-amber-wash text-amber",
  green: "bg-green-wash text-green",
  blue: "bg-blue-wash text-blue",
  grey: "bg-hover text-quiet",
};

export function Badge({ tone = "grey", children, className }: { tone?: Tone; children: ReactNode; className?: string }) {
  return (
    <span className={clsx("inline-flex h-5 shrink-0 items-center gap-1 whitespace-nowrap rounded px-1.5 text-xs font-medium", WASH[tone], className)}>
      {children}
    </span>
  );
}

/* More filled bars are worse. */
function Bars({ filled }: { filled: number }) {
  return (
    <svg viewBox="0 0 14 14" className="shape size-3.5 shrink-0" aria-hidden>
      {[0, 1, 2, 3].map((i) => (
        <rect key={i} x={i * 3.5 + 0.25} y={9.5 - i * 2.7} width="2.7" height={4 + i * 2.7} rx="0.8" fill="currentColor" opacity={i < filled ? 1 : 0.25} />
      ))}
    </svg>
  );
}

const PRIORITIES: Record<string, { tone: Tone; bars: number; words: string }> = {
  p1: { tone: "red", bars: 4, words: "P1, most urgent" },
  p2: { tone: "orange", bars: 3, words: "P2, urgent" },
  p3: { tone: "amber", bars: 2, words: "P3, can wait a little" },
  p4: { tone: "blue", bars: 1, words: "P4, for information" },
};

export function Priority({ of, wide }: { of: string | null; wide?: boolean }) {
  const p = of ? PRIORITIES[of] : undefined;
  return (
    <span className={clsx("inline-flex items-center gap-1.5 text-xs font-semibold", p ? TEXT[p.tone] : "text-quiet")} title={p?.words ?? "No priority"}>
      <Bars filled={p?.bars ?? 0} />
      {p ? of!.toUpperCase() : wide ? "No priority" : "–"}
    </span>
  );
}

const SEVERITIES: Tone[] = ["red", "orange", "amber", "blue", "grey"];
export function Severity({ of }: { of: number | null }) {
  const level = of ?? 4;
  return (
    <span className={clsx("inline-flex h-5 shrink-0 items-center gap-1.5 whitespace-nowrap rounded px-1.5 text-xs font-semibold", WASH[SEVERITIES[level] ?? "grey"])}>
      <Bars filled={4 - level} />
      SEV{level}
    </span>
  );
}

const STATUS: Record<string, { tone: Tone; words: string; draw: ReactNode }> = {
  triggered: { tone: "red", words: "Triggered", draw: <path d="M7 1.6 13 12.4H1Z" fill="currentColor" /> },
  acknowledged: {
    tone: "amber",
    words: "Acknowledged",
    draw: (
      <>
        <circle cx="7" cy="7" r="5.4" fill="none" stroke="currentColor" strokeWidth="1.6" />
        <path d="M7 1.6a5.4 5.4 0 0 1 0 10.8Z" fill="currentColor" />
      </>
    ),
  },
  resolved: {
    tone: "green",
    words: "Resolved",
    draw: <path d="M2 7.6 5.4 11 12 3.4" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" />,
  },
  dismissed: { tone: "grey", words: "Dismissed", draw: <path d="M3 3l8 8m0-8-8 8" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" /> },
};
STATUS.active = { ...STATUS.triggered!, words: "Ringing" };
STATUS.exhausted = { tone: "red", words: "Nobody answered", draw: STATUS.dismissed!.draw };
STATUS.cancelled = { ...STATUS.dismissed!, words: "Cancelled" };

export function Status({ of }: { of: string | null }) {
  const status = STATUS[of ?? ""] ?? { tone: "grey" as Tone, words: of ?? "–", draw: null };
  return (
    <span className={clsx("inline-flex items-center gap-1.5 whitespace-nowrap text-xs font-medium", TEXT[status.tone])}>
      <svg viewBox="0 0 14 14" className="shape size-3.5 shrink-0" aria-hidden>
        {status.draw}
      </svg>
      {status.words}
    </span>
  );
}

export const INCIDENT_STEPS = ["new", "investigating", "fixing", "monitoring", "closed"] as const;
const INCIDENT_TONES: Record<string, Tone> = { new: "red", investigating: "orange", fixing: "amber", monitoring: "blue", closed: "green" };
export const words = (of: string | null | undefined) => (of ? of.charAt(0).toUpperCase() + of.slice(1).replaceAll("_", " ") : "–");

export function IncidentStatus({ of }: { of: string | null }) {
  const step = INCIDENT_STEPS.indexOf(of as (typeof INCIDENT_STEPS)[number]);
  return (
    <Badge tone={INCIDENT_TONES[of ?? ""] ?? "grey"}>
      <svg viewBox="0 0 14 14" className="shape size-3" aria-hidden>
        <circle cx="7" cy="7" r="5.6" fill="none" stroke="currentColor" strokeWidth="1.6" />
        <path d={slice((step < 0 ? 0 : step) / 4)} fill="currentColor" />
      </svg>
      {words(of)}
    </Badge>
  );
}

/* A piece of a cake: how far it is. */
function slice(part: number) {
  if (part <= 0) return "";
  if (part >= 1) return "M7 3.4a3.6 3.6 0 1 0 .01 0Z";
  const angle = part * 2 * Math.PI;
  return `M7 7V3.4A3.6 3.6 0 ${part > 0.5 ? 1 : 0} 1 ${(7 + 3.6 * Math.sin(angle)).toFixed(2)} ${(7 - 3.6 * Math.cos(angle)).toFixed(2)}Z`;
}

/* Far apart from each other, and white text on each has a contrast of 4.5 or more. */
const HUES = ["bg-[#1d4ed8]", "bg-[#b91c1c]", "bg-[#15803d]", "bg-[#7e22ce]", "bg-[#a16207]", "bg-[#0e7490]", "bg-[#be185d]", "bg-[#475569]", "bg-[#c2410c]", "bg-[#4d7c0f]"];
export function hue(id: string) {
  let sum = 2166136261;
  for (const c of id) sum = Math.imul(sum ^ c.charCodeAt(0), 16777619) >>> 0;
  return HUES[((sum ^ (sum >>> 15)) >>> 0) % HUES.length]!;
}

export const initials = (name: string) =>
  name
    .split(/\s+/)
    .map((part) => [...part][0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();

export function Avatar({ name, id, size = "size-5" }: { name: string; id: string; size?: string }) {
  return (
    <span aria-hidden className={clsx("inline-flex shrink-0 items-center justify-center rounded-full text-[9px] font-semibold text-white", size, hue(id))}>
      {initials(name)}
    </span>
  );
}

export function Person({ name, id }: { name: string; id: string }) {
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5">
      <Avatar name={name} id={id} />
      <span className="truncate">{name}</span>
    </span>
  );
}
