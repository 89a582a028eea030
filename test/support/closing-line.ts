// The last line of a test run: `N passed, N failed`, written when the process ends, after every other reporter.
// A suite or hook that fails, and an error outside of all tests, count as failures.
import { writeSync } from 'node:fs';
import type { Reporter, TestModule, TestSuite } from 'vitest/node';

export class ClosingLine implements Reporter {
  #passed = 0;
  #failed = 0;

  onInit(): void {
    process.once('exit', (code) => {
      // Set-up or tear-down that breaks outside of every test shows in the exit code alone.
      const failed = code === 0 ? this.#failed : Math.max(1, this.#failed);
      writeSync(1, `${this.#passed} passed, ${failed} failed\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    this.#passed = 0;
    this.#failed = unhandledErrors.length;
    for (const module of modules) {
      this.#failed += brokenSuites(module);
      for (const test of module.children.allTests()) {
        if (test.result().state === 'passed') this.#passed++;
        if (test.result().state === 'failed') this.#failed++;
      }
    }
  }
}

/** The file itself and its suites whose own code or hooks failed. */
function brokenSuites(module: TestModule): number {
  const suites: readonly (TestModule | TestSuite)[] = [module, ...module.children.allSuites()];
  return suites.filter((suite) => suite.errors().length > 0).length;
}
