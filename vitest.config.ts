// Two projects: `unit` needs nothing but Node; `scenario` runs against a real, private Docker Engine that global set-up starts.
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/support/closing-line.ts';
import { LongestFirst } from './test/support/longest-first.ts';

export default defineConfig({
  test: {
    reporters: ['default', new ClosingLine()],
    teardownTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
    // Most of a short command of the agent or the hub is compiling it: once for all of them.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/holdfast-tests') },
    projects: [
      {
        test: {
          name: 'pure',
          include: ['test/fleet/**/*.test.ts'],
          // What has no state needs no process of its own for each file.
          isolate: false,
          maxWorkers: 2,
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/scenario/**', 'test/fleet/**'],
          maxWorkers: 2,
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'scenario',
          include: ['test/scenario/**/*.test.ts'],
          globalSetup: ['test/support/suite-engine.ts'],
          setupFiles: ['test/support/nothing-left.ts'],
          // Two cores, and an Engine for each worker: more at once only makes waits longer.
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
