import type { Generation, TargetName } from "../domain/generation.ts";

/** The parts of a generation that may still be readable. */
interface BrokenResult {
  readonly generationId: string;
  readonly requestedModel: string;
  readonly createTimeMs: number;
  attempts(): Generation["attempts"];
  cost(): Generation["cost"];
}

/** Reads a field that a defect may have broken. */
function known<T>(work: () => T | undefined): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** The result of a generation after a defect: its names, and its costs if they are readable. */
export function bareGeneration(
  result: BrokenResult,
  target: TargetName & { readonly providerModel: string },
  totalUsage: () => Generation["totalUsage"],
): Generation {
  const { generationId, requestedModel, createTimeMs } = result;
  return {
    generationId,
    requestedModel,
    ...target,
    providerResponseId: "",
    message: undefined,
    finishReason: undefined,
    providerFinishReason: "",
    outputJson: undefined,
    outputText: "",
    usage: undefined,
    totalUsage: known(totalUsage),
    cost: known(() => result.cost()),
    attempts: known(() => result.attempts()) ?? [],
    timing: {
      totalMs: 0,
      queuedMs: 0,
      retryDelayMs: 0,
      stallCount: 0,
      chunkCount: 0,
      characterCount: 0,
    },
    warnings: [],
    providerApi: "",
    providerMetadata: {},
    createTimeMs,
  };
}
