// A consumer of a stream: the algorithm of the contract, written a second time and
// without mercy. Whatever a call delivers out of order is noted before it is mended.
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { toBinary } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { ErrorCategory } from "../../../gen/es/steer/v1/error_pb.js";
import {
  RecoveryAction,
  type StreamEvent,
  StreamEventSchema,
} from "../../../gen/es/steer/v1/stream_pb.js";
import { CallFailure, type Endpoint, type StreamRequest } from "./endpoint.ts";

/** An event as one consumer has applied it. */
export interface SeenEvent {
  readonly sequence: number;
  readonly writer: number;
  readonly digest: string;
  /** The consumer had been told that events come unstored. */
  readonly isUndurable: boolean;
}

export type Outcome = "complete" | "error" | "refused" | "stuck" | "left";

/** What became of one consumer. */
export interface Reading {
  readonly rid: string;
  readonly tokens: number;
  streamId: string;
  readonly startedAt: number;
  endedAt: number;
  /** From the first call to the first event. */
  firstEventMs: number | undefined;
  readonly events: SeenEvent[];
  text: string;
  outcome: Outcome;
  /** Category of the error it holds, or the code of a call that said no more. */
  reason: string;
  /** The error came from the service, with its type. */
  isTyped: boolean;
  /** Broken promises of single calls: an event twice, a hole, an end without an end. */
  readonly repeated: number[];
  readonly holes: number[];
  silentEnds: number;
  reconnects: number;
  /** Silences that a new owner has ended, in milliseconds. */
  readonly takeoverGaps: number[];
}

export interface ConsumerOptions {
  readonly rid: string;
  readonly tokens: number;
  readonly request: StreamRequest;
  /** Tried in turn, from the first. */
  readonly endpoints: readonly Endpoint[];
  /** After so long it counts as stuck. */
  readonly limitMs: number;
  /** Leaves after so many events, and comes no more. */
  readonly leaveAfter?: number;
  /** Resumes this stream from before its first event, and asks for none of its own. */
  readonly streamId?: string;
}

/** More tries and shorter waits than the contract says: in a run nothing is away for long. */
const MAX_TRIES = 100;
const MAX_WAIT_MS = 500;
/** Heartbeats come every second; a replica may take 3 s to find out what the store has lost. */
const SILENCE_MS = 4_500;

/** Codes after which no call is repeated: `docs/resuming.md`. */
const FINAL_CODES = new Set([3, 16, 7, 12, 5, 11, 15, 9, 6]);

const nameOf = (category: ErrorCategory): string =>
  Object.entries(ErrorCategory).find(([, value]) => value === category)?.[0] ?? String(category);

function digestOf(event: StreamEvent): string {
  const bytes = toBinary(StreamEventSchema, event);
  return createHash("sha1").update(bytes).digest("base64url").slice(0, 12);
}

class Consumer {
  readonly reading: Reading;
  readonly #options: ConsumerOptions;
  #sequence = 0;
  #writer = 0;
  #isResumable = true;
  #isUndurable = false;
  #tries = 0;
  #lastEventAt = performance.now();

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.reading = {
      rid: options.rid,
      tokens: options.tokens,
      streamId: options.streamId ?? "",
      startedAt: performance.now(),
      endedAt: Number.POSITIVE_INFINITY,
      firstEventMs: undefined,
      events: [],
      text: "",
      outcome: "stuck",
      reason: "",
      isTyped: false,
      repeated: [],
      holes: [],
      silentEnds: 0,
      reconnects: 0,
      takeoverGaps: [],
    };
  }

  async run(): Promise<Reading> {
    await this.#run();
    this.reading.endedAt = performance.now();
    return this.reading;
  }

  async #run(): Promise<void> {
    const { reading } = this;
    const deadline = performance.now() + this.#options.limitMs;
    for (let turn = 0; performance.now() < deadline; turn++) {
      const failure = await this.#call(turn, deadline);
      if (failure === "ended") return;
      reading.reason = `the last call ended with ${failure?.message ?? "OK"}`;
      if (this.#isFinal(failure)) return this.#refused(failure);
      if (++this.#tries > MAX_TRIES) return this.#refused(failure);
      reading.reconnects++;
      const asked = failure?.detail?.retryDelay;
      const most = Math.min(MAX_WAIT_MS, 50 * 2 ** this.#tries);
      const floor = asked === undefined ? 0 : durationMs(asked);
      await delay(Math.max(floor, Math.random() * most));
    }
  }

  #refused(failure: CallFailure | undefined): void {
    const detail = failure?.detail;
    this.reading.outcome = "refused";
    if (detail === undefined && this.reading.streamId !== "" && !this.#isResumable) {
      this.reading.isTyped = true;
      this.reading.reason = "not resumable";
      return;
    }
    this.reading.isTyped = detail !== undefined;
    this.reading.reason =
      detail === undefined ? `code ${failure?.code ?? "none"}` : nameOf(detail.category);
  }

  #isFinal(failure: CallFailure | undefined): boolean {
    if (failure === undefined) return false;
    if (FINAL_CODES.has(failure.code) || failure.detail?.retryable === false) return true;
    return this.reading.streamId !== "" && !this.#isResumable;
  }

  /** One call to its end. Returns why it broke off; undefined: without a word. */
  async #call(turn: number, deadline: number): Promise<"ended" | CallFailure | undefined> {
    const { reading } = this;
    const { endpoints, request } = this.#options;
    const endpoint = endpoints[turn % endpoints.length];
    if (endpoint === undefined) throw new Error("a consumer needs an endpoint");
    const give = new AbortController();
    let heardAt = performance.now();
    const watch = setInterval(() => {
      const now = performance.now();
      if (now - heardAt > SILENCE_MS || now > deadline) give.abort();
    }, 250);
    const cursor = {
      streamId: reading.streamId,
      lastSequence: this.#sequence,
      lastWriter: this.#writer,
    };
    const calls =
      reading.streamId === ""
        ? endpoint.open(request, give.signal)
        : endpoint.resume(cursor, give.signal);
    let isOver = false;
    try {
      for await (const event of calls) {
        heardAt = performance.now();
        const verdict = this.#take(event);
        if (verdict === "over") isOver = true;
        if (verdict === "hole") return undefined;
        if (reading.events.length === this.#options.leaveAfter) {
          reading.outcome = "left";
          return "ended";
        }
      }
      if (isOver) return "ended";
      reading.silentEnds++;
      return undefined;
    } catch (error) {
      if (isOver) return "ended";
      if (error instanceof CallFailure) return error;
      throw error;
    } finally {
      clearInterval(watch);
      give.abort();
    }
  }

  #take(event: StreamEvent): "over" | "hole" | "more" {
    const { reading } = this;
    const { sequence, writer } = event;
    const { event: body } = event;
    if (body.case === "heartbeat") {
      this.#isUndurable = body.value.undurable;
      return "more";
    }
    if (sequence <= this.#sequence) {
      reading.repeated.push(sequence);
      return "more";
    }
    if (sequence !== this.#sequence + 1) {
      reading.holes.push(sequence);
      return "hole";
    }
    this.#sequence = sequence;
    this.#writer = writer;
    this.#tries = 0;
    const now = performance.now();
    reading.events.push({
      sequence,
      writer,
      digest: digestOf(event),
      isUndurable: this.#isUndurable,
    });
    reading.firstEventMs ??= now - reading.startedAt;
    const silentMs = now - this.#lastEventAt;
    this.#lastEventAt = now;
    return this.#apply(body, silentMs);
  }

  #apply(body: StreamEvent["event"], silentMs: number): "over" | "more" {
    const { reading } = this;
    switch (body.case) {
      case "start":
        reading.streamId = body.value.streamId;
        this.#isResumable = body.value.resumable;
        return "more";
      case "textDelta":
        reading.text += body.value.text;
        return "more";
      case "attemptNotice":
        if (body.value.discardOutput) reading.text = "";
        if (body.value.action === RecoveryAction.TAKEOVER) reading.takeoverGaps.push(silentMs);
        return "more";
      case "complete":
        reading.outcome = "complete";
        return "over";
      case "error":
        reading.outcome = "error";
        reading.isTyped = body.value.error !== undefined;
        reading.reason = nameOf(body.value.error?.category ?? ErrorCategory.UNSPECIFIED);
        if (body.value.error?.category === ErrorCategory.OWNER_LOST) {
          reading.takeoverGaps.push(silentMs);
        }
        return "over";
      default:
        return "more";
    }
  }
}

/** Reads a stream to its end, over as many calls as it takes. */
export function consume(options: ConsumerOptions): Promise<Reading> {
  return new Consumer(options).run();
}
