import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": here("./src") } },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts?(x)"], setupFiles: ["src/lib/test-setup.ts"] },
});
