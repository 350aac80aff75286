/* The tests of tests/e2e: the real program, Debian's Chromium. Their packages are those of this folder. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("../tests/e2e"),
  cacheDir: here("./node_modules/.vite-e2e"),
  resolve: { alias: { "playwright-core": here("./node_modules/playwright-core/index.mjs"), "axe-core": here("./node_modules/axe-core/axe.js"), "oidc-provider": here("./node_modules/oidc-provider/lib/index.js"), vitest: here("./node_modules/vitest/dist/index.js") } },
  server: { fs: { strict: false } },
  test: {
    include: ["*.test.ts"],
    globals: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Each file has a server and a browser of its own; most of the time it waits for them.
    pool: "forks",
    poolOptions: { forks: { maxForks: 2, minForks: 1 } },
  },
});
