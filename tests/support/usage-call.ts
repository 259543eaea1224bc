// Records of calls for the ledger.
import type { Attempt } from "../../src/domain/generation.ts";
import type { CallRecord } from "../../src/ledger/rows-of-call.ts";
import { bareGeneration } from "../../src/output/bare-generation.ts";

interface Used {
  readonly picos?: number;
  readonly currency?: string;
  readonly input?: number;
  readonly output?: number;
  readonly source?: "provider" | "estimated" | "mixed";
}

/** An attempt that has used tokens; without `picos` their price is unknown. */
export function usedAttempt(
  { picos, currency = "USD", input = 0, output = 0, source = "provider" }: Used,
  more: Partial<Attempt> = {},
): Attempt {
  return {
    index: 1,
    provider: "p",
    model: "m",
    trigger: "initial",
    outcome: "succeeded",
    startTimeMs: 0,
    durationMs: 1,
    delayMs: 0,
    delayFromProvider: false,
    outputDelivered: false,
    usage: { inputTokens: input, outputTokens: output, source },
    ...(picos !== undefined && {
      cost: {
        currency,
        totalPicos: picos,
        inputPicos: picos,
        cacheReadPicos: 0,
        cacheWritePicos: 0,
        outputPicos: 0,
        otherPicos: 0,
        source: "price-table",
        priceTableVersion: "",
      },
    }),
    ...more,
  };
}

interface Call {
  readonly caller?: string;
  readonly attempts?: readonly Attempt[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Undefined: the call succeeded. */
  readonly errorKind?: string;
  readonly firstTokenMs?: number;
  /** Where the call ended. */
  readonly target?: { readonly provider: string; readonly model: string };
  readonly requestedModel?: string;
}

export function callRecord({
  caller = "web",
  attempts = [usedAttempt({ picos: 1 })],
  labels = {},
  errorKind,
  firstTokenMs,
  target = { provider: "p", model: "m" },
  requestedModel = "m",
}: Call = {}): CallRecord {
  const result = {
    generationId: "g",
    requestedModel,
    createTimeMs: 0,
    attempts: () => attempts,
    cost: () => undefined,
  };
  const generation = bareGeneration(result, { ...target, providerModel: "" }, () => undefined);
  const timing = {
    ...generation.timing,
    ...(firstTokenMs !== undefined && { timeToFirstTokenMs: firstTokenMs }),
  };
  return {
    type: "call",
    generationId: "g",
    caller,
    labels,
    stream: false,
    state: errorKind === undefined ? "succeeded" : "failed",
    errorKind,
    generation: { ...generation, timing },
  };
}
