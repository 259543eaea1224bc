import { defineConfig } from "vitest/config";

const tests = "tests/**/*.test.ts";
/** Real processes and real time. */
const processTests = "tests/system/**/*.test.ts";
/** They take the machine to its limits, or look at what is left of it: nothing else runs then. */
const loneTests = [
  "tests/faults/**/*.test.ts",
  "tests/system/{cancel,hedge,left-streams,robustness,soak}.test.ts",
  "tests/system/reliability/mutations.test.ts",
];

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [tests],
          exclude: [processTests, ...loneTests],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: [processTests],
          exclude: loneTests,
          // They wait more than they work.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: loneTests,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
