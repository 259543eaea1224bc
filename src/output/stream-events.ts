import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type {
  AttemptNotice,
  GenerationFailure,
  StreamDurability,
  StreamEvent,
  StreamEventBody,
  TargetName,
} from "../domain/generation.ts";
import type { Part } from "../domain/generation-spec.ts";
import type { JsonStatistics } from "../domain/json-statistics.ts";
import type { TokenLogprob } from "../domain/provider-data.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { StreamOptions } from "../domain/stream-options.ts";
import type { TokenUsage } from "../domain/token-usage.ts";
import type { AttemptRecord } from "./attempt-record.ts";
import type { GenerationResult, Outcome } from "./generation-result.ts";
import type { JsonStream } from "./json-stream.ts";

/**
 * Longest text of one delta in UTF-16 units. A unit has at most 3 bytes, so a delta is below 256 KiB on the wire.
 */
const MAX_DELTA_UNITS = 80_000;

/** Most token probabilities in one delta: each usually has at most 21 entries of at most 100 bytes. */
const MAX_DELTA_LOGPROBS = 512;

/** Events from which a reader assembles the output. */
const OUTPUT_TYPES: ReadonlySet<StreamEventBody["type"]> = new Set([
  "text-delta",
  "reasoning-delta",
  "tool-call-delta",
  "json-delta",
  "part-end",
]);

/** Shortest time between two usage updates of a running stream, in milliseconds. */
const USAGE_UPDATE_MS = 1_000;

/** The part, if its deltas do not carry it completely. Token probabilities are only in the deltas. */
function endedPart(part: Part | undefined): Part | undefined {
  if (part?.type !== "text") return part;
  const { logprobs: _, ...rest } = part;
  return part.annotations === undefined && part.providerData === undefined ? undefined : rest;
}

/** Splits a text into pieces without splitting a surrogate pair. */
function* pieces(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + MAX_DELTA_UNITS, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end--;
    yield text.slice(start, end);
    start = end;
  }
}

export interface StreamEventsOptions {
  readonly options: StreamOptions;
  readonly clock: Clock;
  readonly streamId: string;
  readonly result: GenerationResult;
  /** First target of the call. */
  readonly target: TargetName;
  readonly durability: StreamDurability;
  /** Set for stored streams. */
  readonly retentionMs: number | undefined;
  /** Set for streams that ask for JSON deltas. */
  readonly json: JsonStream | undefined;
  /** Sequence of the last event of a previous owner; 0: none. */
  readonly tail: number;
}

function storeTimeout(): GatewayError {
  return new GatewayError("state-unavailable", "the stream store answered too late");
}

type Delta = Extract<ProviderEvent, { type: "text-delta" | "reasoning-delta" }>;
type TextDelta = Extract<ProviderEvent, { type: "text-delta" }>;
type ToolCallDelta = Extract<ProviderEvent, { type: "tool-call-delta" }>;

/** Turns provider events into the numbered events of one stream. */
export class StreamEvents {
  readonly #settings: StreamEventsOptions;
  /** Sequence of the last event. */
  #sequence: number;
  /** Sequence of the first event of the valid output. */
  #firstOutput: number | undefined;
  #updatedAt: number | undefined;
  #updated: { readonly record: AttemptRecord; readonly usage: TokenUsage } | undefined;

  constructor(settings: StreamEventsOptions) {
    this.#settings = settings;
    this.#sequence = settings.tail;
  }

  start(): StreamEvent {
    const { streamId, result, target, durability, retentionMs } = this.#settings;
    return this.#next(
      {
        type: "start",
        streamId,
        generationId: result.generationId,
        requestedModel: result.requestedModel,
        target,
        createTimeMs: result.createTimeMs,
        durability,
        ...(retentionMs !== undefined && { retentionMs }),
      },
      0,
    );
  }

  /** Whether the caller would see output in this event, so that its attempt can no longer be replaced silently. */
  commits(event: ProviderEvent, record: AttemptRecord): boolean {
    switch (event.type) {
      case "text-delta":
        return event.text !== "" || event.logprobs !== undefined;
      case "reasoning-delta":
        return event.text !== "" && !this.#settings.options.omitReasoning;
      case "tool-call-delta":
        return true;
      case "part-end": {
        const part = record.part(event.partIndex);
        return part !== undefined && part.type !== "text";
      }
      case "refusal-delta":
      case "response":
      case "usage":
      case "warning":
      case "finish":
        return false;
    }
  }

  /** No event, one, or several if a delta is too long for one message. */
  of(event: ProviderEvent, record: AttemptRecord): readonly StreamEvent[] {
    const numbered = this.#eventsOf(event, record);
    if (!this.#settings.options.includeUsageUpdates) return numbered;
    const update = this.#usageUpdate(event, record);
    return update === undefined ? numbered : [...numbered, update];
  }

  notice(notice: AttemptNotice): StreamEvent {
    // JSON is never continued: the next attempt starts it over.
    this.#settings.json?.reset();
    if (notice.discardOutput) this.#firstOutput = undefined;
    return this.#next({ type: "attempt-notice", notice }, 0);
  }

  /** JSON statistics of the current attempt; undefined if JSON deltas were not requested. */
  json(): JsonStatistics | undefined {
    return this.#settings.json?.statistics();
  }

  /**
   * The terminal event of a stream that was created too late. Its generation runs without the stream, and no reader
   * has received `start`.
   */
  unstarted(): StreamEvent {
    const failure = this.#settings.result.failureOf(storeTimeout());
    return { sequence: 2, attemptIndex: 0, body: { type: "error", failure } };
  }

  /** The terminal event for a failure, at this sequence. Sequences of events that were not sent are reused. */
  failedAt(sequence: number, failure: GenerationFailure): StreamEvent {
    const { options, clock, result } = this.#settings;
    return {
      sequence,
      attemptIndex: result.sentIndex,
      body: { type: "error", failure },
      ...(options.includeEventTime && { eventTimeMs: clock.wallTime() }),
    };
  }

  /** The final usage event if requested, then the terminal event. */
  ending(outcome: Outcome, attemptIndex: number): readonly StreamEvent[] {
    const { options } = this.#settings;
    const { usage, cost } =
      outcome.state === "succeeded" ? outcome.generation : outcome.failure.partial;
    const before =
      options.includeUsage && usage !== undefined
        ? [this.#next({ type: "usage", usage, cost, final: true }, attemptIndex)]
        : [];
    const last: StreamEventBody =
      outcome.state === "succeeded"
        ? {
            type: "complete",
            generation: outcome.generation,
            message: options.omitFinalMessage ? "omitted" : "within-limit",
            firstOutputSequence: this.#firstOutput ?? this.#sequence + 1,
          }
        : { type: "error", failure: outcome.failure };
    return [...before, this.#next(last, attemptIndex)];
  }

  #next(body: StreamEventBody, attemptIndex: number): StreamEvent {
    const { options, clock } = this.#settings;
    const sequence = ++this.#sequence;
    if (OUTPUT_TYPES.has(body.type)) this.#firstOutput ??= sequence;
    return options.includeEventTime
      ? { sequence, attemptIndex, eventTimeMs: clock.wallTime(), body }
      : { sequence, attemptIndex, body };
  }

  #eventsOf(event: ProviderEvent, record: AttemptRecord): readonly StreamEvent[] {
    const { json, options } = this.#settings;
    switch (event.type) {
      case "text-delta":
        return json === undefined
          ? this.#delta(event, record.index)
          : this.#jsonText(event, json, record.index);
      case "reasoning-delta":
        return options.omitReasoning ? [] : this.#delta(event, record.index);
      case "tool-call-delta":
        return this.#toolCallDelta(event, record.index);
      case "part-end":
        return [this.#partEnd(event.partIndex, record)];
      // The contract has no refusal deltas: a refusal comes whole in its `part-end`.
      case "refusal-delta":
      case "response":
      case "usage":
      case "warning":
      case "finish":
        return [];
    }
  }

  #delta(event: Delta, attemptIndex: number): readonly StreamEvent[] {
    const { type, partIndex, text } = event;
    if (event.type === "text-delta" && event.logprobs !== undefined) {
      return this.#withLogprobs(event, event.logprobs, attemptIndex);
    }
    if (text === "") return [];
    if (text.length <= MAX_DELTA_UNITS)
      return [this.#next({ type, partIndex, text }, attemptIndex)];
    return Array.from(pieces(text), (piece) =>
      this.#next({ type, partIndex, text: piece }, attemptIndex),
    );
  }

  /** The text, split so that each event surely has room for its probabilities. */
  #withLogprobs(
    { partIndex, text }: TextDelta,
    logprobs: readonly TokenLogprob[],
    attemptIndex: number,
  ): StreamEvent[] {
    const texts = [...pieces(text)];
    const count = Math.max(texts.length, Math.ceil(logprobs.length / MAX_DELTA_LOGPROBS));
    return Array.from({ length: count }, (_, position) => {
      const from = position * MAX_DELTA_LOGPROBS;
      const some = logprobs.slice(from, from + MAX_DELTA_LOGPROBS);
      const piece = { type: "text-delta", partIndex, text: texts[position] ?? "" } as const;
      return this.#next(some.length === 0 ? piece : { ...piece, logprobs: some }, attemptIndex);
    });
  }

  /** Each piece of text, followed by its changes of the JSON. */
  #jsonText(event: TextDelta, reader: JsonStream, attemptIndex: number): StreamEvent[] {
    const { partIndex, text, logprobs } = event;
    const { omitJsonText } = this.#settings.options;
    const events: StreamEvent[] = [];
    const isTold = !omitJsonText && logprobs !== undefined;
    if (isTold) events.push(...this.#withLogprobs(event, logprobs, attemptIndex));
    for (const piece of pieces(text)) {
      if (!omitJsonText && !isTold) {
        events.push(this.#next({ type: "text-delta", partIndex, text: piece }, attemptIndex));
      }
      for (const change of reader.read(partIndex, piece)) {
        events.push(this.#next(change, attemptIndex));
      }
    }
    return events;
  }

  #toolCallDelta(event: ToolCallDelta, attemptIndex: number): StreamEvent[] {
    if (event.argumentsFragment.length <= MAX_DELTA_UNITS) return [this.#next(event, attemptIndex)];
    const { type, partIndex } = event;
    return Array.from(pieces(event.argumentsFragment), (argumentsFragment, position) =>
      this.#next(
        position === 0 ? { ...event, argumentsFragment } : { type, partIndex, argumentsFragment },
        attemptIndex,
      ),
    );
  }

  #partEnd(partIndex: number, record: AttemptRecord): StreamEvent {
    const { json, options } = this.#settings;
    const part = endedPart(record.part(partIndex));
    const isShort = part?.type === "text" && json !== undefined && options.omitJsonText;
    return this.#next(
      {
        type: "part-end",
        partIndex,
        ...(part !== undefined && { part }),
        ...(isShort && { isShort }),
      },
      record.index,
    );
  }

  /** The usage update for the first output, then at most one per second. */
  #usageUpdate(event: ProviderEvent, record: AttemptRecord): StreamEvent | undefined {
    if (event.type === "finish" || event.type === "response") return undefined;
    const { clock, result } = this.#settings;
    const now = clock.now();
    if (this.#updatedAt !== undefined && now - this.#updatedAt < USAGE_UPDATE_MS) return undefined;
    this.#updatedAt = now;
    const usage = record.usageSoFar();
    const before = this.#updated?.record === record ? this.#updated.usage.outputTokens : 0;
    // An estimate of a longer text can be lower, but reported counts must not fall.
    const rising = { ...usage, outputTokens: Math.max(before, usage.outputTokens) };
    this.#updated = { record, usage: rising };
    const cost = result.costWith(record, rising);
    return this.#next({ type: "usage", usage: rising, cost, final: false }, record.index);
  }
}
