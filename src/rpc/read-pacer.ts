import type { Http2Session } from "node:http2";
import type { Clock } from "../clock.ts";
import { pauseReading, resumeReading } from "./pause-reading.ts";

/**
 * Calls of a connection, and of all together, per turn of the event loop: some milliseconds of work. After them other
 * work runs first. Beyond the second number each connection still has the one call that tells of it.
 */
const CALLS_A_TURN = 16;
const ALL_CALLS_A_TURN = 32;
/** Headers of up to this size cost next to nothing. */
const FREE_BYTES = 1024;
/**
 * Bytes of larger headers of one connection, as a burst and per second. Node makes a string of each header, which
 * takes three times its bytes and is freed only by a full collection.
 */
const BURST_BYTES = 256 * 1024;
const BYTES_PER_SECOND = 128 * 1024;
/** Longest pause in milliseconds, so that a client's answer to a keepalive is read in time. */
const MAX_PAUSE_MS = 5_000;
/** Pause in milliseconds between two looks at a client that does not read. */
const LOOK_MS = 50;

interface Pace {
  /** Rest of the allowance, in bytes. */
  left: number;
  /** Time of the last update, by the clock. */
  at: number;
  /** Calls in turn number `turn`. */
  calls: number;
  turn: number;
  isPaused: boolean;
}

/**
 * Limits how fast connections are read whose calls have no valid credential. In one turn of the event loop, Node
 * reads up to two megabytes of a connection, and all other work waits for their processing.
 */
export class ReadPacer {
  readonly #clock: Clock;
  readonly #nextTurn: (next: () => void) => void;
  readonly #paces = new WeakMap<Http2Session, Pace>();
  /** Number of this turn, and the calls of all connections in it. */
  #turn = 0;
  #calls = 0;

  /** `nextTurn` calls back in the next turn of the event loop. */
  constructor(clock: Clock, nextTurn: (next: () => void) => void = setImmediate) {
    this.#clock = clock;
    this.#nextTurn = nextTurn;
  }

  /** Counts a call with headers of this size. False: too much, and the connection cannot be paused. */
  count(session: Http2Session, headerBytes: number): boolean {
    const pace = this.#paceOf(session);
    pace.left -= Math.max(0, headerBytes - FREE_BYTES);
    this.#countInTurn(pace);
    if (pace.isPaused) return true;
    const pauseMs = Math.min(MAX_PAUSE_MS, (-pace.left * 1000) / BYTES_PER_SECOND);
    // Under TLS a pause has no effect: Node continues reading after each write, and each answer is a write.
    if (session.encrypted) return pauseMs <= 0;
    const isEnough = pace.calls >= CALLS_A_TURN || this.#calls >= ALL_CALLS_A_TURN;
    if (pauseMs <= 0 && !isEnough) return true;
    pace.isPaused = true;
    pauseReading(session);
    if (pauseMs > 0) this.#resumeLater(session, pace, pauseMs);
    else this.#nextTurn(() => this.#resume(session, pace));
    return true;
  }

  #countInTurn(pace: Pace): void {
    if (this.#calls === 0) this.#nextTurn(() => this.#beginTurn());
    this.#calls++;
    pace.calls = pace.turn === this.#turn ? pace.calls + 1 : 1;
    pace.turn = this.#turn;
  }

  #beginTurn(): void {
    this.#turn++;
    this.#calls = 0;
  }

  #paceOf(session: Http2Session): Pace {
    const now = this.#clock.now();
    const known = this.#paces.get(session);
    if (known === undefined) {
      const pace = { left: BURST_BYTES, at: now, calls: 0, turn: 0, isPaused: false };
      this.#paces.set(session, pace);
      return pace;
    }
    const grown = known.left + ((now - known.at) * BYTES_PER_SECOND) / 1000;
    known.left = Math.min(BURST_BYTES, grown);
    known.at = now;
    return known;
  }

  #resumeLater(session: Http2Session, pace: Pace, ms: number): void {
    const stop = this.#clock.schedule(ms, () => {
      session.off("close", stop);
      this.#resume(session, pace);
    });
    session.once("close", stop);
  }

  #resume(session: Http2Session, pace: Pace): void {
    if (!resumeReading(session)) return this.#resumeLater(session, pace, LOOK_MS);
    pace.isPaused = false;
  }
}
