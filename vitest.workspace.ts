import { defineConfig } from "vitest/config";

// vitest 4 reads this through --config: each package is a project, run from its own folder.
export default defineConfig({
  test: {
    projects: ["packages/*", "apps/*", "tools/*", "conformance", "examples", "fuzz"],
  },
});
