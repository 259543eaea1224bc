// Turns the events of a run into the events of a stream. The stream has exactly one end, whatever throws. A defect
// ends it with INTERNAL here, and no other replica takes it over.

import { internalError, type OnDefect } from "../domain/defect.ts";
import type { StreamEvent } from "../domain/generation.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { AttemptRecord } from "../output/attempt-record.ts";
import type { Outcome } from "../output/generation-result.ts";
import type { StreamEvents } from "../output/stream-events.ts";
import type { GenerationCall } from "../ports/gateway.ts";
import { isElsewhere } from "../streams/stream-errors.ts";
import type { Ending } from "../streams/stream-record.ts";
import type { EventFacts } from "../streams/stream-writer-options.ts";
import { type Delivery, NO_DELIVERY } from "./delivery.ts";
import type { EventSink } from "./event-sink.ts";
import type { GenerationRun } from "./generation-run.ts";
import { endingOf, progressOf, type StreamFacts, safeProgressOf } from "./stream-summary.ts";

/** A run, and the stream that it feeds. */
export interface Production {
  readonly run: GenerationRun;
  readonly events: StreamEvents;
  readonly sink: EventSink;
  readonly streamId: string;
  /** Undefined: the stream is not stored. */
  readonly facts: StreamFacts | undefined;
  readonly onDefect: OnDefect;
  /** Called at the end, unless another replica continues the stream. */
  readonly onEnd?: GenerationCall["onEnd"];
  /** Adds the events that come before those of the run. */
  readonly open?: () => void;
}

const CONTENT: EventFacts = { isContent: true };
const BY_DEFECT: Ending = { phase: "failed", freesKey: true };

/** Feeds a stream with the events after its `start`, up to its end. Never rejects. */
export async function produceStream(production: Production): Promise<Outcome> {
  const outcome = await feed(production);
  const { run, onDefect, streamId } = production;
  try {
    tellEnd(production, outcome);
  } catch (defect) {
    onDefect(defect, { generation_id: run.result.generationId, stream_id: streamId });
  }
  return outcome;
}

function tellEnd({ onEnd }: Production, outcome: Outcome): void {
  if (outcome.state === "succeeded") {
    onEnd?.({ generation: outcome.generation, error: undefined });
  } else if (!isElsewhere(outcome.failure.error)) {
    onEnd?.({ generation: outcome.failure.partial, error: outcome.failure.error });
  }
}

async function feed(production: Production): Promise<Outcome> {
  const { run, open, onDefect, streamId } = production;
  const place = { generation_id: run.result.generationId, stream_id: streamId };
  try {
    open?.();
  } catch (defect) {
    onDefect(defect, place);
    run.release();
    return endByDefect(production, defect);
  }
  const { delivery, broken: brokenBy } = createFeed(production);
  const outcome = await run.run(delivery);
  const broken = brokenBy();
  // The run has ended by this defect and has reported it.
  if (broken !== undefined) return endByDefect(production, broken.defect);
  try {
    addEnding(production, outcome);
    return outcome;
  } catch (defect) {
    onDefect(defect, place);
    return endByDefect(production, defect);
  }
}

/** The delivery of a run's events to the stream. The first event that cannot be encoded ends it. */
function createFeed({ run, events, sink, facts }: Production) {
  let broken: { readonly defect: unknown } | undefined;

  function deliver(event: ProviderEvent, record: AttemptRecord): Promise<void> | undefined {
    if (broken !== undefined) return undefined;
    try {
      let wait: Promise<void> | undefined;
      for (const numbered of events.of(event, record)) wait = sink.add(numbered, CONTENT);
      return wait;
    } catch (defect) {
      broken = { defect };
      throw defect;
    }
  }

  const delivery: Delivery = {
    // The output of a whole answer is shown only at its end.
    ...(facts?.kind === "unary"
      ? NO_DELIVERY
      : {
          commits: (event: ProviderEvent, record: AttemptRecord) => events.commits(event, record),
          json: () => events.json(),
          deliver,
        }),
    notice(notice) {
      if (broken !== undefined) return;
      try {
        void sink.add(events.notice(notice), {
          isContent: false,
          ...(facts !== undefined && { progress: progressOf(run, facts, undefined, notice.next) }),
        });
      } catch (defect) {
        broken = { defect };
        throw defect;
      }
    },
  };
  return { delivery, broken: () => broken };
}

function addEnding({ run, events, sink, facts }: Production, outcome: Outcome): void {
  const last = events.ending(outcome, run.result.sentIndex);
  const isWhole = facts?.kind === "unary";
  for (const [position, event] of last.entries()) {
    const { body } = event;
    const told: StreamEvent =
      isWhole && body.type === "complete"
        ? { ...event, body: { ...body, message: "whole" } }
        : event;
    const isTerminal = position === last.length - 1;
    void sink.add(told, {
      isContent: false,
      ...(isTerminal &&
        facts !== undefined && {
          ending: endingOf(outcome),
          progress: progressOf(run, facts, outcome, undefined),
        }),
    });
  }
}

/** Adds an INTERNAL event after the last event, with all facts that can be encoded. */
function endByDefect(production: Production, defect: unknown): Outcome {
  const { run, events, sink, facts, onDefect } = production;
  const failure = run.result.failByDefect(internalError(defect));
  const outcome: Outcome = { state: "failed", failure };
  if (sink.hasEnd()) return outcome;
  const end: EventFacts = {
    isContent: false,
    ...(facts !== undefined && {
      ending: BY_DEFECT,
      progress: safeProgressOf(run, facts, outcome),
    }),
  };
  try {
    void sink.add(events.failedAt(sink.tail() + 1, failure), end);
  } catch (second) {
    onDefect(second, { generation_id: run.result.generationId, stream_id: production.streamId });
    sink.addInternal(end);
  }
  return outcome;
}
