import { defineConfig } from "vitest/config";

// One file at a time: each starts its own proxy, its own fake AWS and real clients, and a CI machine has few cores.
export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/clean-up.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    teardownTimeout: 30_000,
  },
});
