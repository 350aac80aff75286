/* What was decided without a network: kept in this browser until it was sent, over reloads and closed tabs. Each carries
 * its Idempotency-Key, so that a lost answer makes nothing happen twice. What is older than an hour is not sent any more:
 * the world has moved on, and the person is told. */
import { randomKey, send } from "./api";

interface Letter {
  user: string; // whose word it is: another who signs in here does not send it
  url: string;
  body: unknown;
  key: string;
  done: string; // what is said when it was sent
  at: number;
}
interface Told {
  sent: (text: string) => void;
  failed: (text: string, error: unknown) => void;
}

const NAME = "tocsin.outbox";
const TOO_OLD_MS = 3_600_000;

function read(): Letter[] {
  try {
    return JSON.parse(localStorage.getItem(NAME) ?? "[]") as Letter[];
  } catch {
    return [];
  }
}
const write = (letters: Letter[]) => (letters.length ? localStorage.setItem(NAME, JSON.stringify(letters)) : localStorage.removeItem(NAME));

export function later(user: string, url: string, body: unknown, done: string, now = Date.now()) {
  write([...read(), { user, url, body, key: randomKey(), done, at: now }]);
}
export const waiting = (user: string) => read().filter((one) => one.user === user).length;

const drop = (key: string) => write(read().filter((one) => one.key !== key));

let busy = false;
/* Sends what waits, oldest first; one tab at a time. Stops when the network is gone again. */
export async function flush(user: string, told: Told, now = Date.now()) {
  if (busy) return;
  busy = true;
  try {
    const run = async () => {
      for (const letter of read().filter((one) => one.user === user)) {
        if (now - letter.at > TOO_OLD_MS) {
          drop(letter.key);
          told.failed(`Not sent: ${letter.done}`, new Error("It waited for a network for more than an hour. Look whether it is still wanted."));
          continue;
        }
        try {
          await send("POST", letter.url, letter.body, { "Idempotency-Key": letter.key });
          drop(letter.key);
          told.sent(letter.done);
        } catch (error) {
          if ((error as { status?: number }).status === 0 || (error as { status?: number }).status === 401) return; // later
          drop(letter.key);
          told.failed(`Not sent: ${letter.done}`, error);
        }
      }
    };
    await (navigator.locks ? navigator.locks.request("tocsin-outbox", { ifAvailable: true }, (lock) => (lock ? run() : undefined)) : run());
  } finally {
    busy = false;
  }
}
