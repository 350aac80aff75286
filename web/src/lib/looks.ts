/* Theme and density: chosen here, kept in this browser, set on the root element. */
export type Theme = "system" | "light" | "dark";
export type Density = "comfortable" | "compact";

const dark = matchMedia("(prefers-color-scheme: dark)");

export const chosenTheme = () => (localStorage.getItem("tocsin.theme") as Theme | null) ?? "system";
export const chosenDensity = () => (localStorage.getItem("tocsin.density") as Density | null) ?? "comfortable";

export function applyLooks() {
  const theme = chosenTheme();
  const root = document.documentElement;
  root.dataset.theme = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
  root.dataset.density = chosenDensity();
  dispatchEvent(new Event("tocsin:looks"));
}

export function choose(name: "theme" | "density", value: string) {
  localStorage.setItem(`tocsin.${name}`, value);
  applyLooks();
}

dark.addEventListener("change", applyLooks);
