// The start of a program: what it runs is imported with the compile cache, which makes the second start faster and
// smaller.
import { enableCompileCache, flushCompileCache } from "node:module";
import { collectGarbage } from "./collect-garbage.ts";

/** Calls `run`, which imports everything else. Resolves when the process is as small as it gets. */
export async function startProcess(run: () => Promise<void>): Promise<void> {
  enableCompileCache();
  await run();
  // Must happen at once, because a killed process writes nothing at its end.
  flushCompileCache();

  // Loading descriptors, rules and modules leaves a third of the heap as garbage, and an idle process never collects
  // it.
  collectGarbage();
}
