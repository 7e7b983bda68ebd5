import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: "test/support/same-cases.ts",
    pool: "forks",
    maxWorkers: 2,
    // the names of suites and tests read as the list of what is promised
    reporters: ["tree", "./scripts/vitest-tally.ts"],
    // what hangs, hangs: these are for machines that are slow, and busy with something else
    testTimeout: 180_000,
    hookTimeout: 400_000,
  },
});
