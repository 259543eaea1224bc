import type { Clock } from "../clock.ts";
import { internalError, type OnDefect } from "../domain/defect.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { GenerationFailed } from "../domain/generation.ts";
import { GenerationResult } from "../output/generation-result.ts";
import type { StreamRecord } from "../streams/stream-record.ts";
import type { Before, GenerationRun } from "./generation-run.ts";
import type { StreamSummary } from "./stream-summary.ts";

export interface FailedRunOptions {
  readonly clock: Clock;
  readonly record: StreamRecord;
  readonly summary: StreamSummary;
  readonly before: Before;
  readonly onDefect: OnDefect;
}

/** The run of a generation that fails with `error` before its start. */
export function failedRun(options: FailedRunOptions, error: unknown): GenerationRun {
  const { clock, record, summary, before, onDefect } = options;
  const target = { provider: record.progress.provider, model: summary.model };
  const result = new GenerationResult({
    generationId: before.generationId,
    requestedModel: summary.requestedModel,
    target: { ...target, providerModel: "" },
    clock,
    before,
  });
  return {
    result,
    target,
    limitMs: 0,
    async run() {
      const known = error instanceof GenerationFailed ? error.failure.error : error;
      if (known instanceof GatewayError) result.fail(known);
      else {
        onDefect(known, { generation_id: before.generationId, stream_id: record.streamId });
        result.failByDefect(internalError(known));
      }
      return result.outcome();
    },
    abort: () => {},
    release: () => {},
  };
}
