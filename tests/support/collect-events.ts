import type { ProviderEvent } from "../../src/domain/provider-event.ts";

export interface CollectedEvents {
  readonly events: readonly ProviderEvent[];
  /** Error thrown after the events; undefined: none. */
  readonly error: unknown;
}

/** Reads an answer to its end or its error. */
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
