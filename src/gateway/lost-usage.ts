// The usage of an attempt whose replica was lost, estimated from its request and the output in the log.
import type { Clock } from "../clock.ts";
import type { Cursor } from "../domain/cursor.ts";
import type { Attempt } from "../domain/generation.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { RoutedTarget } from "../domain/route.ts";
import { within } from "../store/store-health.ts";
import type { StreamStore } from "../streams/stream-store.ts";
import { costOf } from "../usage/cost.ts";
import type { TokenCounter } from "../usage/token-counter.ts";
import { createUsageMeter } from "../usage/usage-meter.ts";
import type { Deployment } from "./generation-run.ts";

/** Longest wait for one answer of the store, in milliseconds, and the most batches in it. */
const ANSWER_MS = 1_000;
const READ_LIMIT = 256;

export interface LostUsageDependencies {
  readonly clock: Clock;
  readonly counter: TokenCounter;
  readonly deployment: () => Pick<Deployment, "route">;
  /** The text that an event adds to the output of an attempt. */
  readonly outputText: (event: Uint8Array, attemptIndex: number) => string;
}

/** A stream that was taken over, before its takeover. */
export interface LostStream {
  readonly store: StreamStore;
  readonly streamId: string;
  readonly spec: GenerationSpec;
  /** Whether the log holds deltas. Only the lost owner had the output of a whole answer. */
  readonly isStream: boolean;
}

export type LostUsage = ReturnType<typeof createLostUsage>;

export function createLostUsage(dependencies: LostUsageDependencies) {
  const { clock, counter, deployment, outputText } = dependencies;

  function targetOf(spec: GenerationSpec, { provider, model }: Attempt): RoutedTarget | undefined {
    // What was used has its price, whatever the caller may use by now.
    const { targets } = deployment().route(spec, undefined);
    return targets.find(({ model: each }) => each.provider === provider && each.id === model);
  }

  /** The output in the log, and the number of events that contain it. */
  async function storedText({ store, streamId }: LostStream, index: number) {
    let text = "";
    let chunks = 0;
    let cursor: Cursor = { sequence: 0, writer: 0 };
    for (;;) {
      const read = await within(clock, ANSWER_MS, store.read(streamId, cursor, READ_LIMIT));
      if (read.state !== "read") return { text, chunks };
      for (const { events, last, writer } of read.batches) {
        for (const event of events) {
          const piece = outputText(event, index);
          text += piece;
          if (piece !== "") chunks++;
        }
        cursor = { sequence: last, writer };
      }
      if (!read.hasMore) return { text, chunks };
    }
  }

  /** A lower bound of the attempt's usage and cost; empty if its target or its log is gone. */
  return async function lostUsage(
    stream: LostStream,
    attempt: Attempt,
  ): Promise<Pick<Attempt, "usage" | "cost">> {
    try {
      const target = targetOf(stream.spec, attempt);
      if (target === undefined) return {};
      const { model, spec } = target;
      const { text, chunks } = await storedText(stream, attempt.index);
      const usage = createUsageMeter(counter, model, spec).usage(
        { role: "assistant", parts: text === "" ? [] : [{ type: "text", text }] },
        { chunks, isMissing: !stream.isStream },
      );
      const cost = costOf(model.pricing, usage);
      return cost === undefined ? { usage } : { usage, cost };
    } catch {
      return {};
    }
  };
}
