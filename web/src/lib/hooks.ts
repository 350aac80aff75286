import { useEffect, useState, useSyncExternalStore } from "react";

/* The present time, anew every `every` milliseconds. */
export function useNow(every = 15_000) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

export function useMedia(query: string) {
  return useSyncExternalStore(
    (changed) => {
      const list = matchMedia(query);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => matchMedia(query).matches,
  );
}

export const usePhone = () => useMedia("(max-width: 767px)");

export function useTitle(title: string) {
  useEffect(() => {
    document.title = title ? `${title} · Tocsin` : "Tocsin";
  }, [title]);
}

/* The part of the address that names a place on the page, without #. */
export function useHash() {
  return useSyncExternalStore(
    (changed) => {
      for (const event of ["hashchange", "popstate"]) addEventListener(event, changed);
      return () => {
        for (const event of ["hashchange", "popstate"]) removeEventListener(event, changed);
      };
    },
    () => location.hash.slice(1) || undefined,
  );
}

/* A value once it has stood still for a moment: for questions to the server while somebody types. */
export function useSettled<T>(value: T, ms = 250): T {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value); // by what it says, not by which object it is
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(text) as T), ms);
    return () => clearTimeout(timer);
  }, [text, ms]);
  return settled;
}

/* A choice that is kept in this browser. */
export function useKept<T extends string>(name: string, first: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => (localStorage.getItem(`tocsin.${name}`) as T | null) ?? first);
  return [
    value,
    (next) => {
      setValue(next);
      localStorage.setItem(`tocsin.${name}`, next);
    },
  ];
}
