import type { Generation } from "../../gen/es/steer/v1/generation_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { CollectedOutput } from "./collected-output.ts";

/**
 * The events of a stream, to be read once: by iteration, which returns every event, or by `text` or `collect`,
 * which read to the end and leave out discarded output.
 */
export interface GenerationStream extends AsyncGenerator<StreamEvent, void> {
  /** The valid text at the end of the stream. Throws what an iteration throws. */
  text(): Promise<string>;
  /** The result of the stream, always with its message and `outputText`. Throws what an iteration throws. */
  collect(): Promise<Generation>;
}

async function collected(events: AsyncIterable<StreamEvent>): Promise<CollectedOutput> {
  const output = new CollectedOutput();
  for await (const event of events) output.take(event);
  return output;
}

/** Adds `text` and `collect` to a stream of events. */
export function generationStream(events: AsyncGenerator<StreamEvent, void>): GenerationStream {
  return Object.assign(events, {
    text: async () => (await collected(events)).text(),
    collect: async () => (await collected(events)).generation(),
  });
}
