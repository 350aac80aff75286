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
