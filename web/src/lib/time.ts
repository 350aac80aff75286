/* Times for people: relative beside absolute, in the reader's zone. */
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/* "now", "4 min", "2 h 05", "3 d": how long, short enough for a column. */
export function duration(ms: number): string {
  const t = Math.max(0, ms);
  if (t < MINUTE) return `${Math.floor(t / 1000)} s`;
  if (t < HOUR) return `${Math.floor(t / MINUTE)} min`;
  if (t < DAY) return `${Math.floor(t / HOUR)} h ${String(Math.floor((t % HOUR) / MINUTE)).padStart(2, "0")}`;
  const days = Math.floor(t / DAY);
  return days < 14 ? `${days} d ${Math.floor((t % DAY) / HOUR)} h` : `${days} d`;
}

/* A clock that runs: 1:02:33. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours ? `${hours}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

export function ago(at: string | number, now: number): string {
  const ms = now - new Date(at).getTime();
  if (ms < 0) return `in ${duration(-ms)}`;
  return ms < 5000 ? "just now" : `${duration(ms)} ago`;
}

const cache = new Map<string, Intl.DateTimeFormat>();
function format(options: Intl.DateTimeFormatOptions) {
  const key = JSON.stringify(options);
  let made = cache.get(key);
  if (!made) cache.set(key, (made = new Intl.DateTimeFormat("en-GB", options)));
  return made;
}

export const localZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

export const hourMinute = (at: string | number, timeZone?: string) =>
  format({ hour: "2-digit", minute: "2-digit", timeZone }).format(new Date(at));
export const timeOfDay = (at: string | number, timeZone?: string) =>
  format({ hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone }).format(new Date(at));
export const dayName = (at: string | number, timeZone?: string) =>
  format({ weekday: "short", day: "numeric", month: "short", timeZone }).format(new Date(at));
export const fullTime = (at: string | number, timeZone?: string) =>
  format({ weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone, timeZoneName: "short" }).format(new Date(at));

/* A date, which has no zone. */
export const fullDay = (day: string) => format({ weekday: "short", day: "2-digit", month: "short", year: "numeric", timeZone: "UTC" }).format(new Date(day));

/* "Today", "Yesterday" or the date: the head of a day in a list. */
export function dayHead(at: string | number, now: number): string {
  const day = dayName(at);
  if (day === dayName(now)) return "Today";
  return day === dayName(now - DAY) ? "Yesterday" : day;
}

/* "until 10:00", with the day when it is another one. */
export function untilText(at: string | number, now: number): string {
  const same = dayName(at) === dayName(now);
  return same ? hourMinute(at) : `${dayName(at)} ${hourMinute(at)}`;
}

/* Minutes that a zone is ahead of UTC at an instant. */
export function zoneOffset(at: number, timeZone: string): number {
  const parts = Object.fromEntries(
    format({ timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" })
      .formatToParts(new Date(at))
      .map((part) => [part.type, Number(part.value)]),
  ) as Record<string, number>;
  const wall = Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!);
  return Math.round((wall - Math.floor(at / 1000) * 1000) / MINUTE);
}

/* Midnight, in a zone, of the day that holds an instant; `days` later. */
export function midnight(at: number, timeZone: string, days = 0): number {
  const local = at + zoneOffset(at, timeZone) * MINUTE;
  const wall = Math.floor(local / DAY) * DAY + days * DAY;
  const guess = wall - zoneOffset(wall, timeZone) * MINUTE;
  return wall - zoneOffset(guess, timeZone) * MINUTE;
}
