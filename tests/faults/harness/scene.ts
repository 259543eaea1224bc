// One fault at work: the streams that run through it, and what was seen of them.
import { setTimeout as delay } from "node:timers/promises";
import { MidStreamRecovery } from "../../../gen/es/steer/v1/generation_pb.js";
import { DisconnectPolicy } from "../../../gen/es/steer/v1/stream_pb.js";
import type { Cluster } from "./cluster.ts";
import { type ConsumerOptions, consume, type Reading } from "./consumer.ts";
import type { Endpoint, StreamRequest, UnaryRequest } from "./endpoint.ts";
import type { Script, ScriptFault } from "./script.ts";

/** How much a run may cost. */
export interface Scale {
  readonly name: "short" | "long";
  /** Streams per fault, and how long each of them takes. */
  readonly streams: number;
  readonly tokens: number;
  readonly paceMs: number;
  /** A pause that outlasts a session, and one that does not. */
  readonly longPauseMs: number;
  readonly shortPauseMs: number;
  /** Consumers that take part in a storm. */
  readonly storm: number;
}

/** A stretch of time in which the store may have lost what it had acknowledged. */
export interface Rollback {
  readonly from: number;
  until: number;
}

export interface StreamChoice {
  readonly model?: string;
  readonly tokens?: number;
  readonly paceMs?: number;
  readonly faults?: readonly ScriptFault[];
  readonly recovery?: MidStreamRecovery;
  /** The replica that is asked first, and so owns the stream. */
  readonly owner?: number;
  readonly endpoints?: readonly Endpoint[];
  readonly retentionMs?: number;
  readonly leaveAfter?: number;
  /** Done before the first call, as a hook that is to be in place. */
  readonly prepare?: (rid: string) => Promise<unknown>;
  /** Readers of the same stream, by its `request_id`. */
  readonly readers?: number;
}

const LIMIT_MS = 40_000;

/** The same as one answer. */
export function unaryRequest(script: Script): UnaryRequest {
  return { requestId: script.rid, spec: { model: "main", prompt: JSON.stringify(script) } };
}

export function streamRequest(script: Script, choice: StreamChoice): StreamRequest {
  const { retentionMs } = choice;
  return {
    requestId: script.rid,
    spec: {
      model: choice.model ?? "main",
      prompt: JSON.stringify(script),
      routing: { midStreamRecovery: choice.recovery ?? MidStreamRecovery.RESTART },
    },
    options: {
      heartbeatInterval: { seconds: 1n, nanos: 0 },
      onDisconnect: DisconnectPolicy.GRACE,
      ...(retentionMs !== undefined && {
        retention: { seconds: BigInt(Math.ceil(retentionMs / 1_000)), nanos: 0 },
      }),
    },
  };
}

export class Scene {
  readonly readings: Reading[] = [];
  /** Promises of this fault's own that were broken. */
  readonly notes: string[] = [];
  injected = 0;
  readonly #pending: Promise<unknown>[] = [];
  readonly #begun = new Map<string, { readonly script: Script; readonly choice: StreamChoice }>();
  readonly #others: Scene[] = [];
  readonly #newId: () => string;
  readonly #rollbacks: Rollback[];
  readonly cluster: Cluster;
  readonly scale: Scale;

  constructor(cluster: Cluster, scale: Scale, newId: () => string, rollbacks: Rollback[]) {
    this.cluster = cluster;
    this.scale = scale;
    this.#newId = newId;
    this.#rollbacks = rollbacks;
  }

  /** The same scene on another cluster. */
  on(cluster: Cluster): Scene {
    const scene = new Scene(cluster, this.scale, this.#newId, this.#rollbacks);
    this.#others.push(scene);
    return scene;
  }

  /** Of all clusters. */
  get allReadings(): readonly Reading[] {
    return [this, ...this.#others].flatMap(({ readings }) => readings);
  }

  /** Streams that were read again afterwards, when nothing was broken any more. */
  readonly revisits: Reading[] = [];

  async revisit(reading: Reading): Promise<Reading> {
    const again = await this.again(reading);
    this.readings.splice(this.readings.indexOf(again), 1);
    this.revisits.push(again);
    return again;
  }

  /** One stream, which one consumer or more read to the end. */
  stream(choice: StreamChoice = {}): { readonly rid: string; readonly done: Promise<Reading[]> } {
    const rid = this.#newId();
    const script: Script = {
      rid,
      tokens: choice.tokens ?? this.scale.tokens,
      paceMs: choice.paceMs ?? this.scale.paceMs,
      ...(choice.faults !== undefined && { faults: choice.faults }),
    };
    this.#begun.set(rid, { script, choice });
    const owner = choice.owner ?? Math.floor(Math.random() * this.cluster.replicas.length);
    const prepared = choice.prepare?.(rid) ?? Promise.resolve();
    const done = Promise.all(
      Array.from({ length: choice.readers ?? 1 }, async (_, reader) => {
        await prepared;
        // The first one begins the stream where it was to begin.
        if (reader > 0) await delay(60);
        return this.#read(script, choice, {
          endpoints: choice.endpoints ?? this.cluster.endpoints(owner + reader),
          ...(choice.leaveAfter !== undefined && { leaveAfter: choice.leaveAfter }),
        });
      }),
    );
    this.#pending.push(done);
    return { rid, done };
  }

  /** One more reader of a stream, by its `request_id`. */
  follow(rid: string, endpoints: readonly Endpoint[]): Promise<Reading> {
    const begun = this.#begun.get(rid);
    if (begun === undefined) throw new Error("no such stream");
    const done = this.#read(begun.script, begun.choice, { endpoints });
    this.#pending.push(done);
    return done;
  }

  /** One more reader of a stream, from its first event on, by its id. */
  again(reading: Reading, from = Math.floor(Math.random() * 3)): Promise<Reading> {
    const begun = this.#begun.get(reading.rid);
    if (begun === undefined || reading.streamId === "") throw new Error("no such stream");
    const { streamId } = reading;
    const endpoints = this.cluster.endpoints(from);
    const done = this.#read(begun.script, begun.choice, { endpoints, streamId });
    this.#pending.push(done);
    return done;
  }

  async #read(
    script: Script,
    choice: StreamChoice,
    how: Pick<ConsumerOptions, "endpoints" | "leaveAfter" | "streamId">,
  ): Promise<Reading> {
    const reading = await consume({
      rid: script.rid,
      tokens: script.tokens,
      request: streamRequest(script, choice),
      limitMs: LIMIT_MS * (this.scale.name === "short" ? 1 : 3),
      ...how,
    });
    this.readings.push(reading);
    return reading;
  }

  /** Several streams, spread over the replicas, with both kinds of recovery. */
  streams(count = this.scale.streams, choice: StreamChoice = {}): Promise<Reading[][]> {
    const { RESTART, FAIL } = MidStreamRecovery;
    return Promise.all(
      Array.from({ length: count }, (_, index) => {
        const recovery = index % 3 === 2 ? FAIL : RESTART;
        return this.stream({ owner: index, recovery, readers: 1 + (index % 2), ...choice }).done;
      }),
    );
  }

  /** Long enough for streams to be under way. */
  async underWay(): Promise<void> {
    await delay(this.scale.paceMs * this.scale.tokens * (0.2 + 0.4 * Math.random()));
  }

  expect(holds: boolean, note: string): void {
    if (!holds) this.notes.push(note);
  }

  /** From now on the store may lose what it had; until the returned function is called. */
  losing(beforeMs: number): () => void {
    const rollback: Rollback = {
      from: performance.now() - beforeMs,
      until: Number.POSITIVE_INFINITY,
    };
    this.#rollbacks.push(rollback);
    return () => {
      rollback.until = performance.now();
    };
  }

  /** Every stream has ended for every consumer. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }
}
