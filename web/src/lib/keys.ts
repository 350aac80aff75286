/* Keys of the page: single letters and sequences ("g a"). Off while typing, off with Ctrl, Alt or Meta, and off
 * altogether when the person says so (WCAG 2.1.4). The newest binding of a key wins: a list lies over the shell. */
import { useEffect, useRef } from "react";

type Bindings = Record<string, (event: KeyboardEvent) => void>;
const stack: { current: Bindings }[] = [];
let first = "";
let firstAt = 0;

export const keysOff = () => localStorage.getItem("tocsin.keys") === "off";

function typing(target: EventTarget | null) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button"].includes(target.type);
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function find(name: string) {
  for (let i = stack.length - 1; i >= 0; i--) {
    const found = stack[i]!.current[name];
    if (found) return found;
  }
}

function pressed(event: KeyboardEvent) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target) || keysOff()) return;
  // In a dialog or menu its own keys hold; a side sheet is no such.
  if (document.querySelector("[role=menu],[role=dialog][data-modal]")) return;
  const name = event.key.length === 1 ? (event.shiftKey && /[A-Z]/.test(event.key) ? `Shift+${event.key}` : event.key) : event.key;
  const sequence = first && Date.now() - firstAt < 1200 ? `${first} ${name}` : "";
  first = "";
  const run = (sequence && find(sequence)) || find(name);
  if (run) {
    event.preventDefault();
    run(event);
  } else if (name === "g") {
    first = name;
    firstAt = Date.now();
  }
}

export function useKeys(bindings: Bindings, on = true) {
  const latest = useRef(bindings);
  latest.current = bindings;
  useEffect(() => {
    if (!on) return;
    if (stack.length === 0) document.addEventListener("keydown", pressed);
    stack.push(latest);
    return () => {
      stack.splice(stack.indexOf(latest), 1);
      if (stack.length === 0) document.removeEventListener("keydown", pressed);
    };
  }, [on]);
}

/* The sheet of "?". */
export const KEY_MAP: { title: string; keys: [string, string][] }[] = [
  {
    title: "Everywhere",
    keys: [
      ["Ctrl K", "Find anything, do anything"],
      ["?", "These keys"],
      ["c", "Declare an incident"],
      ["g h", "Home"],
      ["g a", "Alerts"],
      ["g i", "Incidents"],
      ["g q", "Quiet now"],
      ["g o", "On call"],
      ["g n", "Integrations"],
      ["g b", "Heartbeats"],
      ["g r", "Rules"],
      ["g s", "Settings"],
      ["Esc", "Close"],
    ],
  },
  {
    title: "Lists",
    keys: [
      ["j  k", "Down, up"],
      ["Enter", "Open"],
      ["x", "Select"],
      ["/", "Filter"],
    ],
  },
  {
    title: "Alerts and incidents",
    keys: [
      ["a", "Acknowledge"],
      ["Shift R", "Resolve"],
      ["z", "Snooze an alert for an hour"],
      ["Ctrl Space", "In an expression: what may come"],
      ["o", "On a shift of the calendar: cover it"],
      ["n", "Write a note or an update"],
    ],
  },
];
