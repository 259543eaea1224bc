// A call between a consumer and a replica: what is sent arrives in order, with a
// delay, until either side is gone.

import { codeName } from "../../clients/typescript/steer-error.ts";
import { errorRow } from "../../src/domain/error-table.ts";
import { GatewayError } from "../../src/domain/gateway-error.ts";
import { GenerationFailed } from "../../src/domain/generation.ts";
import type { Gateway, OpenStream } from "../../src/ports/gateway.ts";
import { encodeError } from "../../src/rpc/encode-error.ts";
import { decodeEvent } from "../../src/rpc/encode-event.ts";
import { StreamFailed } from "../../src/rpc/stream-failed.ts";
import type { Replica } from "./replica.ts";
import type { Scheduler, SimulatedProcess } from "./scheduler.ts";

/** Deliveries on their way before the replica waits. */
const WINDOW = 8;

export interface CallStatus {
  readonly code: string;
  readonly reason: string;
  /** Undefined: the status has no detail. */
  readonly isRetryable: boolean | undefined;
}

export type Arrival =
  | { readonly type: "event"; readonly bytes: Uint8Array }
  | { readonly type: "heartbeat"; readonly isUndurable: boolean }
  | { readonly type: "status"; readonly status: CallStatus };

const BROKEN: CallStatus = { code: "UNAVAILABLE", reason: "", isRetryable: undefined };

function statusOf(thrown: unknown): CallStatus {
  const { code } = encodeError(thrown);
  const cause = thrown instanceof GenerationFailed ? thrown.failure.error : thrown;
  const error = cause instanceof StreamFailed ? cause.error : cause;
  if (!(error instanceof GatewayError)) {
    return { code: codeName(code), reason: String(error), isRetryable: undefined };
  }
  const { reason, retryable } = errorRow(error.kind, error.reason);
  return { code: codeName(code), reason, isRetryable: retryable };
}

/** Throws where the stream has ended with an error, as the handlers do. */
function settle(stream: OpenStream): void {
  const terminal = stream.terminal();
  if (terminal === undefined) throw new GatewayError("internal", "a stream without an end");
  const { event } = decodeEvent(terminal);
  if (event.case === "error" && event.value.error !== undefined) {
    throw new StreamFailed(event.value.error);
  }
}

export class Connection {
  readonly #scheduler: Scheduler;
  readonly #client: SimulatedProcess;
  readonly #replica: Replica;
  readonly #server = new AbortController();
  /** On its way, and there. */
  readonly #queue: Arrival[] = [];
  readonly #arrived: Arrival[] = [];
  #inFlight = 0;
  #isClosed = false;
  #wakeClient: (() => void) | undefined;
  #wakeServer: (() => void) | undefined;

  constructor(
    scheduler: Scheduler,
    client: SimulatedProcess,
    replica: Replica,
    open: (signal: AbortSignal) => Promise<OpenStream>,
  ) {
    this.#scheduler = scheduler;
    this.#client = client;
    this.#replica = replica;
    replica.process.schedule(this.#latency(), () => void this.#serve(open));
  }

  get replica(): Replica {
    return this.#replica;
  }

  #latency(): number {
    const { dice } = this.#scheduler;
    return dice.chance(0.02) ? dice.between(10, 300) : dice.between(0.1, 3);
  }

  async #serve(open: (signal: AbortSignal) => Promise<OpenStream>): Promise<void> {
    try {
      if (this.#replica.gateway === undefined || this.#replica.isDraining) {
        throw new GatewayError("gateway-overloaded", "draining", { reason: "DRAINING" });
      }
      const stream = await open(this.#server.signal);
      for await (const delivery of stream.deliveries) {
        if (delivery.type === "heartbeat") {
          await this.#send({ type: "heartbeat", isUndurable: delivery.isUndurable });
        } else {
          for (const bytes of delivery.events) await this.#send({ type: "event", bytes });
        }
      }
      settle(stream);
      await this.#send({ type: "status", status: { ...BROKEN, code: "OK" } });
    } catch (error) {
      await this.#send({ type: "status", status: statusOf(error) });
    }
  }

  async #send(arrival: Arrival): Promise<void> {
    this.#inFlight++;
    this.#queue.push(arrival);
    this.#client.schedule(this.#latency(), () => {
      const next = this.#queue.shift();
      if (next === undefined || this.#isClosed) return;
      this.#arrived.push(next);
      this.#wakeClient?.();
    });
    while (this.#inFlight >= WINDOW && !this.#server.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wakeServer = resolve;
      });
    }
  }

  /** The next of what arrives; a silence of `patienceMs` ends the call. */
  async next(patienceMs: number): Promise<Arrival> {
    const { clock } = this.#client;
    let isSilent = false;
    const stop = clock.schedule(patienceMs, () => {
      isSilent = true;
      this.#wakeClient?.();
    });
    while (this.#arrived.length === 0 && !isSilent && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wakeClient = resolve;
      });
    }
    stop();
    const arrival = this.#isClosed ? undefined : this.#arrived.shift();
    if (arrival === undefined) {
      this.close(0);
      return { type: "status", status: BROKEN };
    }
    this.#replica.process.schedule(this.#latency(), () => {
      this.#inFlight--;
      this.#wakeServer?.();
    });
    return arrival;
  }

  /** The replica hears of it after `noticedAfterMs`. */
  close(noticedAfterMs: number): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wakeClient?.();
    this.#replica.process.schedule(noticedAfterMs, () => {
      this.#server.abort(new GatewayError("cancelled", "the connection is gone"));
      this.#wakeServer?.();
    });
  }

  /** The replica is gone, and the consumer hears of it. */
  breakOff(): void {
    this.#client.schedule(this.#latency(), () => {
      this.#isClosed = true;
      this.#wakeClient?.();
    });
  }
}

/** One question to a replica; a status where it does not answer, or says no. */
export function ask<T>(
  scheduler: Scheduler,
  client: SimulatedProcess,
  replica: Replica,
  question: (gateway: Gateway, signal: AbortSignal) => Promise<T>,
): Promise<{ readonly value: T } | { readonly status: CallStatus }> {
  const { dice } = scheduler;
  const { process } = replica;
  return new Promise((resolve) => {
    const stop = client.schedule(5_000, () => resolve({ status: BROKEN }));
    const reply = (answer: { readonly value: T } | { readonly status: CallStatus }): void =>
      void client.schedule(dice.between(0.1, 3), () => {
        stop();
        resolve(answer);
      });
    process.schedule(dice.between(0.1, 3), async () => {
      const { gateway } = replica;
      if (gateway === undefined) return reply({ status: BROKEN });
      try {
        reply({ value: await question(gateway, new AbortController().signal) });
      } catch (error) {
        reply({ status: statusOf(error) });
      }
    });
  });
}
