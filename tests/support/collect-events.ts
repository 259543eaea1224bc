import type { ProviderEvent } from "../../src/domain/provider-event.ts";

export interface CollectedEvents {
  readonly events: readonly ProviderEvent[];
  /** What was thrown after them; undefined if nothing was. */
  readonly error: unknown;
}

/** Reads an answer to its end or its failure. */
export async function collectEvents(
  answer: AsyncIterable<ProviderEvent>,
): Promise<CollectedEvents> {
  const events: ProviderEvent[] = [];
  try {
    for await (const event of answer) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}
