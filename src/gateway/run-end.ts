// The end of a generation: one outcome, one usage record, whatever throws.
import type { OnDefect } from "../domain/defect.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import { GenerationFailed } from "../domain/generation.ts";
import type { GenerationResult, Outcome } from "../output/generation-result.ts";
import type { CallFacts, UsageSink } from "../usage/usage-sink.ts";
import { recordGeneration } from "./record-generation.ts";
import { RunGuard } from "./run-guard.ts";

export interface RunEndOptions {
  readonly result: GenerationResult;
  readonly usage: UsageSink;
  /** Facts of the call for its usage record. */
  readonly facts: CallFacts;
  readonly onDefect: OnDefect;
  /** Ends the running attempts. */
  readonly abort: (error: GatewayError) => void;
  /** Reports the targets that could not serve the call to the result. */
  readonly skipUnfit: () => void;
}

export class RunEnd {
  readonly guard: RunGuard;
  readonly #options: RunEndOptions;

  constructor(options: RunEndOptions) {
    const { result, onDefect, abort } = options;
    this.#options = options;
    const { generationId } = result;
    this.guard = new RunGuard(abort, (error) => onDefect(error, { generation_id: generationId }));
  }

  /** Ends the generation with a thrown error. Never throws. */
  fail(thrown: unknown): GenerationFailed {
    const { result, skipUnfit } = this.#options;
    const error = this.guard.take(thrown);
    this.guard.run(() => {
      skipUnfit();
      result.fail(error);
    });
    this.#record();
    const outcome = result.outcome();
    return new GenerationFailed(
      outcome.state === "failed" ? outcome.failure : result.failByDefect(error),
    );
  }

  /**
   * The outcome after the attempts have ended with `failed` (undefined: success). `tell` reports the end of the
   * generation. Never throws: a defect here becomes the outcome.
   */
  async settle(failed: unknown, tell: () => void): Promise<Outcome> {
    const { result } = this.#options;
    try {
      await result.counted();
      tell();
      if (failed === undefined && this.guard.defect === undefined) result.succeed();
    } catch (error) {
      this.guard.take(error);
    }
    if (failed === undefined && this.guard.defect === undefined) this.#record();
    else this.fail(this.guard.defect ?? failed);
    return result.outcome();
  }

  /** Writes the usage record of the call. A defect before the record becomes the outcome of the call. */
  #record(): void {
    const { result, usage, facts } = this.#options;
    if (this.guard.defect !== undefined) result.failByDefect(this.guard.defect);
    this.guard.run(() => recordGeneration(usage, facts, result.outcome()));
    if (this.guard.defect !== undefined) result.failByDefect(this.guard.defect);
  }
}
