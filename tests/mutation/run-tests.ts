// A process of its own in a copy of the repository: runs the test files it is told of one after another, in the
// order given, up to the first failure, and says what came of them. The process stays warm between runs: the
// tools are loaded, and files that have not changed are compiled.
import { join, relative } from "node:path";
import { BaseSequencer, createVitest, type TestSpecification } from "vitest/node";
import type { TestOutcome, TestRun } from "./test-run.ts";

const root = process.cwd();
let files: readonly string[] = [];
let outcome: TestOutcome = { passed: false, by: "" };

class InOrder extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number =>
      files.indexOf(relative(root, moduleId));
    return specifications.toSorted((a, b) => place(a) - place(b));
  }
}

const vitest = await createVitest("test", {
  config: false,
  root,
  watch: false,
  include: ["tests/**/*.test.ts"],
  bail: 1,
  maxWorkers: 1,
  // Each run has a worker of its own, whose modules its test files share.
  isolate: false,
  env: { TMPDIR: join(root, "tmp") },
  sequence: { sequencer: InOrder },
  fsModuleCache: true,
  fsModuleCachePath: join(root, ".vitest/modules"),
  reporters: [
    {
      onTestRunEnd(modules, errors) {
        const failed = modules.find((module) => !module.ok());
        const [test] = failed?.children.allTests("failed") ?? [];
        const passed = failed === undefined && errors.length === 0 && modules.length > 0;
        outcome = passed
          ? { passed }
          : {
              passed,
              by: [failed && relative(root, failed.moduleId), test?.fullName]
                .filter((part) => part !== undefined)
                .join(" > "),
            };
      },
    },
  ],
});

process.on("message", async (run: TestRun) => {
  files = run.files;
  outcome = { passed: false, by: "" };
  for (const file of run.changed) vitest.invalidateFile(join(root, file));
  vitest.config.testTimeout = run.testTimeoutMs;
  vitest.config.hookTimeout = run.testTimeoutMs;
  const project = vitest.getRootProject();
  await vitest.runTestSpecifications(
    run.files.map((file) => project.createSpecification(join(root, file))),
  );
  process.send?.(outcome);
});
process.once("disconnect", () => process.exit());
process.send?.("ready");
