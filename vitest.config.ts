// Two projects: `unit` needs nothing but Node; `scenario` runs against a real, private Docker Engine that global set-up starts.
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/support/closing-line.ts';

export default defineConfig({
  test: {
    reporters: ['default', new ClosingLine()],
    teardownTimeout: 60_000,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/scenario/**'],
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
          // Two cores and one Engine: more at once only makes waits longer.
          maxWorkers: 2,
          testTimeout: 180_000,
          // Engines that share a machine's firewall and disk get in each other's way now and then.
          retry: 2,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
