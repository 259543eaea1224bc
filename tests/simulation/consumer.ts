// A consumer by the algorithm of `docs/resuming.md`: it resumes at any replica behind the
// last event that it has applied.

import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import type { Gateway, OpenStream, WholeAnswer } from "../../src/ports/gateway.ts";
import { decodeEvent, encodeEvent } from "../../src/rpc/encode-event.ts";
import { digestOf, type SeenBody } from "../support/history.ts";
import { type CallStatus, Connection } from "./connection.ts";
import type { SimulatedRequest } from "./request.ts";
import type { SimulatedProcess } from "./scheduler.ts";
import type { World } from "./world.ts";

const FINAL = new Set(
  (
    "INVALID_ARGUMENT UNAUTHENTICATED PERMISSION_DENIED UNIMPLEMENTED NOT_FOUND OUT_OF_RANGE " +
    "DATA_LOSS FAILED_PRECONDITION ALREADY_EXISTS"
  ).split(" "),
);
const MAX_TRIES = 10;
/** Heartbeats come every second. */
const PATIENCE_MS = 4_000;
/** A whole answer comes in one piece. */
const WHOLE_PATIENCE_MS = 30_000;

export interface ConsumerPlan {
  readonly name: string;
  readonly request: SimulatedRequest;
  readonly startAfterMs: number;
  /** Begins with ResumeStream, once somebody has told it of the stream. */
  readonly isFollower: boolean;
  /** Chance of a broken connection at each event. */
  readonly cuts: number;
  readonly pauseMs: number;
  /** Events after which it goes away; undefined: it stays. */
  readonly leavesAfter: number | undefined;
}

type Verdict =
  | { readonly outcome: "finished" | "left"; readonly status: CallStatus }
  | { readonly outcome: "broken"; readonly status: CallStatus };

const NO_STATUS: CallStatus = { code: "", reason: "", isRetryable: undefined };

function bodyOf({ event }: StreamEvent): SeenBody {
  switch (event.case) {
    case "start":
      return { type: "start" };
    case "textDelta":
      return { type: "text", text: event.value.text };
    case "attemptNotice":
      return { type: event.value.discardOutput ? "discard" : "other" };
    case "complete": {
      const parts = event.value.generation?.message?.parts ?? [];
      const texts = parts.map(({ data }) => (data.case === "text" ? data.value.text : ""));
      return { type: "complete", text: texts.join("") };
    }
    case "error":
      return { type: "error", reason: event.value.error?.reason ?? "" };
    default:
      return { type: "other" };
  }
}

/** A whole answer as a stream of one event. */
function asStream(answer: WholeAnswer): OpenStream {
  const terminal =
    answer.state === "stored"
      ? answer.terminal
      : encodeEvent(
          {
            sequence: 1,
            attemptIndex: 0,
            body: {
              type: "complete",
              generation: answer.generation,
              message: "whole",
              firstOutputSequence: 1,
            },
          },
          0,
        );
  async function* deliveries() {
    yield { type: "events" as const, events: [terminal] };
  }
  const about = { streamId: "", generationId: "", isReplayed: false };
  const discard = { endsAtDiscard: false, holdsOutput: false };
  return { ...about, ...discard, deliveries: deliveries(), terminal: () => terminal };
}

export class Consumer {
  readonly process: SimulatedProcess;
  isDone = false;
  readonly #world: World;
  readonly #plan: ConsumerPlan;
  #streamId = "";
  #sequence = 0;
  #writer = 0;
  #isResumable = true;
  #isUndurable = false;
  #tries = 0;
  #seen = 0;
  #connection: Connection | undefined;

  constructor(world: World, plan: ConsumerPlan) {
    this.#world = world;
    this.#plan = plan;
    this.process = world.scheduler.process(plan.name);
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  async run(): Promise<void> {
    const { name: consumer, request, startAfterMs, isFollower } = this.#plan;
    const { history } = this.#world;
    await this.#sleep(startAfterMs);
    const { key, tokens } = request;
    history.add({ type: "begin", consumer, key, tokens });
    while (isFollower && this.#streamId === "") {
      this.#streamId = this.#world.streamIds.get(key) ?? "";
      if (this.#streamId === "" && this.#world.isCalm) break;
      if (this.#streamId === "") await this.#sleep(200);
    }
    const { outcome, status } = await this.#follow();
    const { code, reason } = status;
    history.add({ type: "end", consumer, streamId: this.#streamId, outcome, code, reason });
    this.isDone = true;
  }

  #sleep(ms: number): Promise<void> {
    return this.process.clock.sleep(ms, new AbortController().signal);
  }

  async #follow(): Promise<{ outcome: "finished" | "left" | "refused"; status: CallStatus }> {
    const { scheduler } = this.#world;
    for (;;) {
      const { outcome, status } = await this.#callOnce();
      if (outcome !== "broken") return { outcome, status };
      const isFinal = FINAL.has(status.code) || status.isRetryable === false;
      const isLost = this.#streamId !== "" && !this.#isResumable;
      this.#tries++;
      // In the calm nothing is left that could excuse an endless repetition.
      if (isFinal || isLost || this.#tries > MAX_TRIES) return { outcome: "refused", status };
      await this.#sleep(scheduler.dice.between(0, Math.min(5_000, 100 * 2 ** this.#tries)));
    }
  }

  #open(gateway: Gateway, signal: AbortSignal): Promise<OpenStream> {
    const { spec, options, identity, kind } = this.#plan.request;
    const telemetry = { end: () => {} };
    const call = { spec, signal, timeoutMs: undefined, telemetry, identity, acceptsDiscard: true };
    if (kind === "unary") return gateway.generate(call).then(asStream);
    if (this.#streamId === "") return gateway.streamGenerate(call, options);
    const cursor = { sequence: this.#sequence, writer: this.#writer };
    const { caller } = identity;
    return gateway.resumeStream({
      caller,
      streamId: this.#streamId,
      cursor,
      signal,
      timeoutMs: undefined,
    });
  }

  async #callOnce(): Promise<Verdict> {
    const { scheduler, history } = this.#world;
    const replica = this.#world.pickReplica();
    const consumer = this.#plan.name;
    const connection = new Connection(scheduler, this.process, replica, (signal) => {
      const { gateway } = replica;
      if (gateway === undefined) throw new Error("the replica has not started");
      return this.#open(gateway, signal);
    });
    this.#connection = connection;
    const attached = (type: "attach" | "detach"): void => {
      if (this.#streamId !== "") history.add({ type, consumer, streamId: this.#streamId });
    };
    attached("attach");
    const verdict = await this.#read(connection, () => attached("attach"));
    attached("detach");
    return verdict;
  }

  async #read(connection: Connection, onStart: () => void): Promise<Verdict> {
    const { dice } = this.#world.scheduler;
    const { cuts, pauseMs, leavesAfter, request } = this.#plan;
    const patienceMs = request.kind === "unary" ? WHOLE_PATIENCE_MS : PATIENCE_MS;
    for (;;) {
      const arrival = await connection.next(patienceMs);
      if (arrival.type === "status") {
        if (arrival.status.code === "OK") return { outcome: "finished", status: arrival.status };
        return { outcome: "broken", status: arrival.status };
      }
      if (arrival.type === "heartbeat") {
        this.#isUndurable = arrival.isUndurable;
        continue;
      }
      const isNew = this.#streamId === "";
      const event = decodeEvent(arrival.bytes);
      const body = this.#take(event, arrival.bytes);
      if (isNew && event.event.case === "start") onStart();
      if (body.type === "complete" || body.type === "error") {
        connection.close(0);
        const code = body.type === "complete" ? "OK" : "ERROR";
        const reason = body.type === "error" ? body.reason : "";
        return { outcome: "finished", status: { ...NO_STATUS, code, reason } };
      }
      this.#seen++;
      if (leavesAfter !== undefined && this.#seen >= leavesAfter) {
        connection.close(dice.between(0, 50));
        return { outcome: "left", status: NO_STATUS };
      }
      if (!this.#world.isCalm && dice.chance(cuts)) {
        this.#world.count("cut");
        // Sometimes the replica notices late that nobody is there.
        connection.close(dice.chance(0.1) ? dice.between(0, 1_000) : dice.between(0, 50));
        return { outcome: "broken", status: { ...NO_STATUS, code: "UNAVAILABLE" } };
      }
      if (pauseMs > 0 && !this.#world.isCalm) await this.#sleep(dice.between(0, 2 * pauseMs));
    }
  }

  #take(event: StreamEvent, bytes: Uint8Array): SeenBody {
    const { history, streamIds } = this.#world;
    const { name: consumer, request } = this.#plan;
    const body = bodyOf(event);
    if (request.kind === "unary") {
      if (body.type === "complete") history.add({ type: "answer", consumer, text: body.text });
      return body;
    }
    if (event.event.case === "start") {
      const { streamId, resumable } = event.event.value;
      this.#streamId = streamId;
      this.#isResumable = resumable;
      if (resumable) streamIds.set(request.key, streamId);
    }
    const { sequence, writer } = event;
    const digest = digestOf(bytes);
    const streamId = this.#streamId;
    const isUndurable = this.#isUndurable || !this.#isResumable;
    history.add({
      type: "event",
      consumer,
      streamId,
      sequence,
      writer,
      digest,
      isUndurable,
      body,
    });
    this.#sequence = sequence;
    this.#writer = writer;
    this.#tries = 0;
    return body;
  }
}
