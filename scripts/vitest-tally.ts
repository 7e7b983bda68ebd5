import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

/**
 * Counts a test run for its closing line, and names each skipped test with its reason. A file that could not be
 * loaded, a failed hook and an error outside any test count as one failure each.
 */
export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const path = process.env.BOT_BOTTLE_TALLY;
    if (path === undefined) return;
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) count.failed += 1;
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) count.failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") count.passed += 1;
        if (result.state === "failed") count.failed += 1;
        // "pending": the run was cut short before the test's turn
        if (result.state === "pending") count.failed += 1;
        if (result.state === "skipped") {
          count.skipped += 1;
          console.log(`skipped: ${test.fullName} (${result.note ?? "no reason given"})`);
        }
      }
    }
    writeFileSync(path, JSON.stringify(count));
  }
}
