// Runs of generations that tell of themselves, so that a provider's call is known to belong to one.
import { AsyncLocalStorage } from "node:async_hooks";
import type {
  GenerationRun,
  RunDependencies,
  RunRequest,
} from "../../src/gateway/generation-run.ts";
import { GenerationRuns } from "../../src/gateway/generation-runs.ts";
import type { History } from "../support/history.ts";

/** Number of the run that the code at hand works for. */
export const runningIn = new AsyncLocalStorage<number>();

export class WatchedRuns extends GenerationRuns {
  readonly #history: History;

  constructor(dependencies: RunDependencies, history: History) {
    super(dependencies);
    this.#history = history;
  }

  override async prepare(request: RunRequest, signal: AbortSignal): Promise<GenerationRun> {
    const prepared = await super.prepare(request, signal);
    return {
      result: prepared.result,
      target: prepared.target,
      limitMs: prepared.limitMs,
      abort: (error) => prepared.abort(error),
      release: () => prepared.release(),
      run: (delivery) => {
        const run = 1 + this.#history.entries.filter(({ type }) => type === "run").length;
        this.#history.add({ type: "run", run, generation: prepared.result.generationId });
        return runningIn.run(run, () => prepared.run(delivery));
      },
    };
  }
}
