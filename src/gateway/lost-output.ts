// The output of a lost attempt that readers of its stream hold, as the log has it.
import type { Clock } from "../clock.ts";
import type { Attempt, StoredEvent } from "../domain/generation.ts";
import { DeliveredOutput } from "../output/delivered-output.ts";
import type { LostStream } from "./lost-usage.ts";
import { readEvents } from "./read-events.ts";

export interface LostOutputDependencies {
  readonly clock: Clock;
  readonly decodeEvent: (event: Uint8Array) => StoredEvent;
}

export type LostOutput = ReturnType<typeof createLostOutput>;

/** Text so far; `first`: the sequence of its first event; "no": output that nothing can be appended to. */
type Held = { readonly text: string; readonly first: number } | "no";

const NOTHING: Held = { text: "", first: 0 };

function add(held: Held, { sequence, body }: StoredEvent): Held {
  switch (body.type) {
    case "attempt-notice":
      return body.notice.discardOutput ? NOTHING : held;
    case "text-delta":
      if (held === "no" || body.partIndex !== 0 || body.logprobs !== undefined) return "no";
      return { text: held.text + body.text, first: held.first === 0 ? sequence : held.first };
    case "reasoning-delta":
    case "tool-call-delta":
    case "json-delta":
    case "part-end":
      return "no";
    default:
      return held;
  }
}

export function createLostOutput({ clock, decodeEvent }: LostOutputDependencies) {
  /**
   * The text that another attempt can go on with: all the valid output of a stream, if that is text inside its only
   * part. Undefined: there is other output, or none, or the store does not give the log.
   */
  return async function lostOutput(
    { store, streamId, spec }: LostStream,
    { provider, model }: Attempt,
  ): Promise<DeliveredOutput | undefined> {
    if (spec.routing.midStreamRecovery !== "continue") return undefined;
    try {
      let held: Held = NOTHING;
      for await (const event of readEvents(clock, store, streamId)) {
        held = add(held, decodeEvent(event));
      }
      if (held === "no" || held.first === 0) return undefined;
      return new DeliveredOutput({ provider, model }, held.text, held.first);
    } catch {
      return undefined;
    }
  };
}
