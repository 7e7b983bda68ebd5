import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    // the names of suites and tests read as the list of what is promised
    reporters: ["tree", "./scripts/vitest-tally.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
