import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { NO_WRAPPER_CODE } from "./src/loading.js";

const tests = "tests/**/*.test.ts";
const unitTests = "tests/unit/**/*.test.ts";
/** Of the code that runs in browsers, as far as it needs none. */
const consoleTests = "console/tests/*.test.ts";
/** Real processes and real time. */
const processTests = "tests/system/**/*.test.ts";
/** Replicas that are killed and a Redis, and mostly waits. */
const faultTests = "tests/faults/**/*.test.ts";
/** They take the machine to its limits, or look at what is left of it: nothing else runs then. */
const loneTests = [
  "tests/system/{cancel,hedge,left-streams,robustness,soak}.test.ts",
  "tests/system/reliability/mutations.test.ts",
];

/** Real processes with the shipped defaults, whose waits are seconds: `npm run scenarios`. */
const scenarios = "tests/scenarios/**/*.test.ts";

export default defineConfig({
  resolve: { alias: { "@steer-gateway/stubs": join(import.meta.dirname, "gen/es") } },
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: "tests/support/global-setup.ts",
    // Tests start threads of the service too.
    execArgv: [NO_WRAPPER_CODE],
    // With `isolate: false`, files of one worker share its modules, whose state no test changes. A worker of its own for
    // each file would load them again, which takes as long as many a test.
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [unitTests, consoleTests],
          isolate: false,
          // By default one processor of two would have nothing to do.
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "contract",
          include: [tests],
          exclude: [unitTests, processTests, scenarios, faultTests, ...loneTests],
          // By default one processor of two would have nothing to do.
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: [processTests],
          exclude: loneTests,
          isolate: false,
          // They wait more than they work.
          maxWorkers: 5,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "faults",
          include: [faultTests],
          // They wait more than they work.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: loneTests,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: "scenarios",
          include: [scenarios],
          // They wait more than they work.
          maxWorkers: 2,
          maxConcurrency: 200,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
