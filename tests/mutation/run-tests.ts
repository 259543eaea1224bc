// A process of its own in a copy of the repository: runs test files one after another in the order
// given, up to the first failure, and writes what came of them.
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { BaseSequencer, startVitest, type TestSpecification } from "vitest/node";
import type { TestOutcome, TestRun } from "./test-run.ts";

const root = process.cwd();
const { files, testTimeoutMs, outcomeFile } = JSON.parse(process.argv[2] ?? "") as TestRun;

class InOrder extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number =>
      files.indexOf(relative(root, moduleId));
    return specifications.toSorted((a, b) => place(a) - place(b));
  }
}

const vitest = await startVitest([], {
  config: false,
  root,
  watch: false,
  include: [...files],
  bail: 1,
  maxWorkers: 1,
  sequence: { sequencer: InOrder },
  testTimeout: testTimeoutMs,
  hookTimeout: testTimeoutMs,
  fsModuleCachePath: join(root, ".vitest/modules"),
  reporters: [
    {
      onTestRunEnd(modules, errors) {
        const failed = modules.find((module) => !module.ok());
        const [test] = failed?.children.allTests("failed") ?? [];
        const passed = failed === undefined && errors.length === 0 && modules.length > 0;
        const outcome: TestOutcome = passed
          ? { passed }
          : {
              passed,
              by: [failed && relative(root, failed.moduleId), test?.fullName]
                .filter((part) => part !== undefined)
                .join(" > "),
            };
        writeFileSync(outcomeFile, JSON.stringify(outcome));
      },
    },
  ],
});
await vitest.close();
process.exit();
