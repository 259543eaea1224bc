import { defineConfig } from "vitest/config";

const tests = "tests/**/*.test.ts";
const processTests = "tests/{system,faults}/**/*.test.ts";

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
          exclude: [processTests],
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real processes and real time: one file at a time, when nothing else runs.
        extends: true,
        test: {
          name: "system",
          include: [processTests],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
