import type { Http2Session } from "node:http2";
import type { Clock } from "../clock.ts";
import { pauseReading, resumeReading } from "./pause-reading.ts";

/** Calls of a connection after which the other work of the process comes first: some milliseconds of work. */
const CALLS_A_TURN = 16;
/** Headers of this size cost next to nothing. */
const FREE_BYTES = 1024;
/**
 * Bytes of larger headers of one connection. Node makes a string of each header that a full collection
 * alone frees, and takes three times its bytes for it: what comes faster is memory before it is garbage.
 */
const BURST_BYTES = 256 * 1024;
const BYTES_PER_SECOND = 128 * 1024;
/** Longest pause: a client's answer to a keepalive is read in time. */
const MAX_PAUSE_MS = 5_000;
/** Pause between two looks at a client that does not read. */
const LOOK_MS = 50;

interface Pace {
  /** Bytes that may still come. */
  left: number;
  /** When that was, by the clock. */
  at: number;
  calls: number;
  isPaused: boolean;
}

/**
 * Reads connections no faster than calls may cost for which no credential stands. In one turn of the event loop Node
 * reads two megabytes of a connection, if they are there, and everything else waits for what is in them.
 */
export class ReadPacer {
  readonly #clock: Clock;
  readonly #nextTurn: (next: () => void) => void;
  readonly #paces = new WeakMap<Http2Session, Pace>();

  /** `nextTurn` calls back in the next turn of the event loop. */
  constructor(clock: Clock, nextTurn: (next: () => void) => void = setImmediate) {
    this.#clock = clock;
    this.#nextTurn = nextTurn;
  }

  /** A call with so many bytes of headers has come. False: too many, of a connection that cannot be held back. */
  count(session: Http2Session, headerBytes: number): boolean {
    const pace = this.#paceOf(session);
    pace.left -= Math.max(0, headerBytes - FREE_BYTES);
    pace.calls++;
    if (pace.isPaused) return true;
    const pauseMs = Math.min(MAX_PAUSE_MS, (-pace.left * 1000) / BYTES_PER_SECOND);
    // Node reads on with each write that is through, and under TLS each answer is such a write: a pause holds nothing.
    if (session.encrypted) return pauseMs <= 0;
    if (pauseMs <= 0 && pace.calls < CALLS_A_TURN) {
      if (pace.calls === 1) this.#nextTurn(() => beginTurn(pace));
      return true;
    }
    pace.isPaused = true;
    pauseReading(session);
    if (pauseMs > 0) this.#resumeLater(session, pace, pauseMs);
    else this.#nextTurn(() => this.#resume(session, pace));
    return true;
  }

  #paceOf(session: Http2Session): Pace {
    const now = this.#clock.now();
    const known = this.#paces.get(session);
    if (known === undefined) {
      const pace = { left: BURST_BYTES, at: now, calls: 0, isPaused: false };
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
    beginTurn(pace);
  }
}

function beginTurn(pace: Pace): void {
  pace.calls = 0;
}
