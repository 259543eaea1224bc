import type { Clock } from "../../clock.ts";
import type { Caller } from "../../domain/caller.ts";
import { GatewayError } from "../../domain/gateway-error.ts";
import { LiveList } from "../../domain/live-list.ts";
import { RunningCount } from "../../domain/running-count.ts";
import type { Arrival, Arrivals, Encoding } from "../call.ts";
import { Inflater } from "./inflate.ts";

/** Limit for receiving a whole request, in milliseconds; equal to HTTP/1.1's limit for headers and body. */
const MAX_ARRIVAL_MS = 60_000;

/**
 * Bounds on the bytes of unfinished requests, in requests of the largest size: per connection, per caller and in
 * total. A client that sends one request after the other has one; more come from slow networks, and from clients
 * that never end their requests.
 */
const MAX_OF_CONNECTION = 2;
const MAX_OF_CALLER = 4;
const MAX_OF_ALL = 8;

/** Bound in bytes for all unfinished requests of services without credentials, whose requests are small. */
const MAX_OF_NOBODY_BYTES = 4 * 1024 * 1024;

/** Owner of the bytes of health checks and reflection. No caller has an empty id. */
export const NOBODY: Caller = { id: "", role: "caller" };

function tooMany(whose: string): GatewayError {
  const message = `requests of this ${whose} that are not whole hold too many bytes`;
  return new GatewayError("caller-limit", message, { reason: "UNFINISHED_REQUESTS" });
}

function add<Key>(sums: Map<Key, number>, key: Key, bytes: number): number {
  const sum = (sums.get(key) ?? 0) + bytes;
  if (sum > 0) sums.set(key, sum);
  else sums.delete(key);
  return sum;
}

/** An arriving request of any door. */
interface Arriving {
  readonly caller: Caller;
  readonly connection: object;
  /** Takes the request off the incomplete ones; false if it was none any more. */
  leave(): boolean;
  /** Ends the request before it is complete. */
  cut(error: GatewayError): void;
}

interface Begun {
  readonly arrival: Arriving;
  /** Milliseconds of the clock. */
  readonly startedAt: number;
}

/** The incomplete requests of all doors. Bounds their bytes and their time. */
export class ArrivingRequests implements Arrivals {
  readonly #clock: Clock;
  readonly #largestBytes: number;
  readonly inflater = new Inflater();
  readonly #arrivals = new LiveList<Begun>();
  readonly #ofCallers = new RunningCount();
  readonly #ofConnection = new Map<object, number>();
  readonly #ofCaller = new Map<string, number>();
  #bytes = 0;
  #stopTimer: (() => void) | undefined;

  constructor(clock: Clock, largestBytes: number) {
    this.#clock = clock;
    this.#largestBytes = largestBytes;
  }

  /** Bytes held by unfinished requests. */
  get bytes(): number {
    return this.#bytes;
  }

  get active(): number {
    return this.#ofCallers.active;
  }

  idle(): Promise<void> {
    return this.#ofCallers.idle();
  }

  /** Begins a request. If it is ended before it is complete, `report` gets the error and creates the refusal. */
  begin<Refusal extends Error>(
    caller: Caller,
    connection: object,
    report: (error: GatewayError) => Refusal,
  ): Arrival<Refusal> {
    const arrival = new ArrivingRequest(this, caller, connection, report);
    arrival.leave = this.#arrivals.add({ arrival, startedAt: this.#clock.now() });
    if (caller !== NOBODY) this.#ofCallers.begin();
    this.#stopTimer ??= this.#clock.schedule(MAX_ARRIVAL_MS, () => this.#endLate());
    return arrival;
  }

  endOf(isMeant: (caller: string) => boolean, error: GatewayError): void {
    for (const { arrival } of this.#arrivals.values()) {
      if (isMeant(arrival.caller.id)) arrival.cut(error);
    }
  }

  /** The error of the bound that is passed with these bytes; undefined: none. */
  count({ caller, connection }: Arriving, bytes: number): GatewayError | undefined {
    const largest = this.#largestBytes;
    this.#bytes += bytes;
    const ofCaller = add(this.#ofCaller, caller.id, bytes);
    if (add(this.#ofConnection, connection, bytes) > MAX_OF_CONNECTION * largest) {
      return tooMany("connection");
    }
    const maxOfCaller = caller === NOBODY ? MAX_OF_NOBODY_BYTES : MAX_OF_CALLER * largest;
    if (ofCaller > maxOfCaller) return tooMany("caller");
    if (this.#bytes <= MAX_OF_ALL * largest) return undefined;
    return new GatewayError("gateway-overloaded", "too many requests are on their way");
  }

  forget(arrival: Arriving, bytes: number): void {
    if (!arrival.leave()) return;
    if (arrival.caller !== NOBODY) this.#ofCallers.end();
    this.#bytes -= bytes;
    add(this.#ofCaller, arrival.caller.id, -bytes);
    add(this.#ofConnection, arrival.connection, -bytes);
    if (this.#arrivals.size > 0) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #endLate(): void {
    this.#stopTimer = undefined;
    for (const { arrival, startedAt } of this.#arrivals.values()) {
      const leftMs = startedAt + MAX_ARRIVAL_MS - this.#clock.now();
      if (leftMs > 0) {
        this.#stopTimer = this.#clock.schedule(leftMs, () => this.#endLate());
        return;
      }
      const message = `the request was not whole after ${MAX_ARRIVAL_MS / 1000} s`;
      arrival.cut(new GatewayError("total-timeout", message, { reason: "REQUEST_TIMEOUT" }));
    }
  }
}

class ArrivingRequest<Refusal extends Error> implements Arrival<Refusal>, Arriving {
  readonly #all: ArrivingRequests;
  readonly caller: Caller;
  readonly connection: object;
  readonly #report: (error: GatewayError) => Refusal;
  leave = (): boolean => false;
  #bytes = 0;
  #onCut: ((error: Refusal) => void) | undefined;
  #error: Refusal | undefined;
  #dropInflated: (() => void) | undefined;
  #isDropped = false;
  #isEnded = false;

  constructor(
    all: ArrivingRequests,
    caller: Caller,
    connection: object,
    report: (error: GatewayError) => Refusal,
  ) {
    this.#all = all;
    this.caller = caller;
    this.connection = connection;
    this.#report = report;
  }

  get error(): Refusal | undefined {
    return this.#error;
  }

  receive(bytes: number): void {
    // Bytes after the end would be counted for ever. Reflection reads on after its first message.
    if (this.#isEnded) return;
    this.#bytes += bytes;
    const passed = this.#all.count(this, bytes);
    if (passed !== undefined) this.cut(passed);
  }

  whenCut(onCut: (error: Refusal) => void): void {
    this.#onCut = onCut;
    if (this.#error !== undefined) onCut(this.#error);
  }

  end(): void {
    this.#onCut = undefined;
    this.#isEnded = true;
    this.#all.forget(this, this.#bytes);
  }

  async inflate(bytes: Uint8Array, encoding: Encoding, maxBytes: number): Promise<Buffer> {
    // Drops the previous message, if a call sends several.
    this.#dropInflated?.();
    this.#dropInflated = undefined;
    const inflated = await this.#all.inflater.inflate(this.caller.id, bytes, encoding, maxBytes);
    if (this.#isDropped) inflated.drop();
    else this.#dropInflated = inflated.drop;
    return inflated.bytes;
  }

  drop(): void {
    this.#isDropped = true;
    this.#dropInflated?.();
    this.#dropInflated = undefined;
  }

  cut(error: GatewayError): void {
    const onCut = this.#onCut;
    this.#error = this.#report(error);
    this.end();
    onCut?.(this.#error);
  }
}
