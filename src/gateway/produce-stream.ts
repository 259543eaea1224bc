// How the events of a run become those of a stream.
import { GatewayError } from "../domain/gateway-error.ts";
import type { StreamEvent } from "../domain/generation.ts";
import type { Outcome } from "../output/generation-result.ts";
import type { StreamEvents } from "../output/stream-events.ts";
import type { OwnedStream } from "../streams/owned-stream.ts";
import type { EventFacts } from "../streams/stream-writer-options.ts";
import type { GenerationRun } from "./generation-run.ts";
import { endingOf, progressOf, type StreamFacts } from "./stream-summary.ts";

/** Takes the events of a stream in order; a promise holds the provider back. */
export type AddEvent = (event: StreamEvent, facts: EventFacts) => Promise<void> | undefined;

/** Feeds a stream with all that follows its beginning. Never throws. */
export async function produce(
  run: GenerationRun,
  events: StreamEvents,
  /** Undefined where nothing is kept of the stream. */
  facts: StreamFacts | undefined,
  add: AddEvent,
): Promise<Outcome> {
  const outcome = await run.run({
    commits: events.commits,
    json: events.json,
    deliver(event, record) {
      let wait: Promise<void> | undefined;
      for (const numbered of events.of(event, record)) wait = add(numbered, CONTENT);
      return wait;
    },
    notice(notice) {
      void add(events.notice(notice), {
        isContent: false,
        ...(facts !== undefined && { progress: progressOf(run, facts, undefined, notice.next) }),
      });
    },
  });
  const last = events.ending(outcome, run.result.sentIndex);
  last.forEach((event, position) => {
    const isTerminal = position === last.length - 1;
    void add(event, {
      isContent: false,
      ...(isTerminal &&
        facts !== undefined && {
          ending: endingOf(outcome),
          progress: progressOf(run, facts, outcome, undefined),
        }),
    });
  });
  return outcome;
}

const CONTENT: EventFacts = { isContent: true };

/** A whole answer as a stream of two events: its beginning and its end. */
async function produceWhole(
  run: GenerationRun,
  events: StreamEvents,
  facts: StreamFacts,
  add: AddEvent,
): Promise<Outcome> {
  const whole: AddEvent = (event, more) => {
    const { body } = event;
    if (body.type !== "complete") return add(event, more);
    return add({ ...event, body: { ...body, message: "whole" } }, more);
  };
  return produce(run, { ...events, commits: () => false, of: () => [] }, facts, whole);
}

/** Feeds a stored stream to its end. Throws only where a defect ends it: then it is left to others. */
export async function produceStored(
  stream: Pick<OwnedStream, "leaveToOthers">,
  run: GenerationRun,
  events: StreamEvents,
  facts: StreamFacts,
  add: AddEvent,
): Promise<Outcome> {
  try {
    return await (facts.kind === "unary" ? produceWhole : produce)(run, events, facts, add);
  } catch (defect) {
    // Nothing writes the stream any more: it must not seem to run.
    stream.leaveToOthers();
    throw defect;
  }
}

export function ownerLost(): GatewayError {
  return new GatewayError("owner-lost", "the replica that produced the stream was lost");
}
