// Streams with discarded output, and readers that do or do not accept discards.
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import type { GrpcClient } from "./grpc-client.ts";
import { collect, refusalOf } from "./stream-calls.ts";

const { resumeStream } = GenerationService.method;

/** Start position of a reader; writer 0: unverified. */
export interface Position {
  readonly streamId: string;
  readonly sequence: number;
  readonly writer: number;
}

/** The events that one call delivered, and the reason of the error at its end; "": none. */
export interface Reading {
  readonly events: readonly StreamEvent[];
  readonly reason: string;
  /** For OUTPUT_DISCARDED: the position at which the reader can resume. */
  readonly behind: Position | undefined;
  readonly code: string;
}

/** A call whose reader continues, and the position at which it first had this many text events. */
export interface Watched {
  readonly reading: Promise<Reading>;
  readonly midway: Promise<Position>;
}

export function watch(call: AsyncIterable<StreamEvent>, texts = 1): Watched {
  const midway = Promise.withResolvers<Position>();
  async function* watched(): AsyncGenerator<StreamEvent, void> {
    let streamId = "";
    let count = 0;
    for await (const event of call) {
      const { sequence, writer } = event;
      if (event.event.case === "start") ({ streamId } = event.event.value);
      if (event.event.case === "textDelta" && ++count === texts) {
        midway.resolve({ streamId, sequence, writer });
      }
      yield event;
    }
  }
  return { reading: readingOf(watched()), midway: midway.promise };
}

export async function readingOf(call: AsyncIterable<StreamEvent>): Promise<Reading> {
  const { events, error } = await collect(call);
  if (error === undefined) return { events, reason: "", behind: undefined, code: "OK" };
  const { code = "", reason, metadata } = refusalOf(error);
  const behind =
    reason === "OUTPUT_DISCARDED"
      ? {
          streamId: metadata["stream_id"] ?? "",
          sequence: Number(metadata["last_sequence"]),
          writer: Number(metadata["last_writer"]),
        }
      : undefined;
  return { events, reason, behind, code };
}

export function resumed(
  client: GrpcClient,
  { streamId, sequence, writer }: Position,
  acceptsDiscard: boolean,
): Promise<Reading> {
  const position = { streamId, lastSequence: sequence, lastWriter: writer };
  return readingOf(client.stream(resumeStream, { ...position, acceptsDiscard }));
}

/** Attempts whose text is kept by a reader that ignores notices. */
export function attemptsHeld(events: readonly StreamEvent[]): number[] {
  const texts = events.filter(({ event }) => event.case === "textDelta");
  return [...new Set(texts.map(({ attemptIndex }) => attemptIndex))];
}

export function isDiscard({ event }: StreamEvent): boolean {
  return event.case === "attemptNotice" && event.value.discardOutput;
}

export function sequencesOf(events: readonly StreamEvent[]): number[] {
  return events.map(({ sequence }) => sequence);
}
