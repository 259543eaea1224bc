// The usage record of a generation that has ended here.
import type { Outcome } from "../output/generation-result.ts";
import { isElsewhere } from "../streams/stream-errors.ts";
import type { CallFacts, UsageSink } from "../usage/usage-sink.ts";

export function recordGeneration(usage: UsageSink, facts: CallFacts, outcome: Outcome): void {
  if (outcome.state === "succeeded") {
    const { generation } = outcome;
    return usage.record({
      ...facts,
      type: "call",
      state: "succeeded",
      errorKind: undefined,
      generation,
    });
  }
  const { error, partial } = outcome.failure;
  // Another replica continues the generation and will write its record.
  if (isElsewhere(error)) return;
  usage.record({
    ...facts,
    type: "call",
    state: "failed",
    errorKind: error.kind,
    generation: partial,
  });
}
