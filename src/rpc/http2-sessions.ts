import type { Http2Session, ServerHttp2Stream } from "node:http2";
import type { Clock } from "../clock.ts";
import { sayGoaway } from "./goaway.ts";

/** A session without a stream ends after this many milliseconds. */
const MAX_IDLE_MS = 30 * 60_000;
/** Random share of the age limit of a session, so that sessions of one start do not end together. */
const AGE_JITTER = 0.1;
/** Longest wait for all clients, in milliseconds. Clients without a greeting by then are not waited for. */
const MAX_LEAVE_MS = 1_500;

/** Age limit of a session, in milliseconds. */
export interface AgeLimit {
  /** Age at GOAWAY, plus or minus a tenth. */
  readonly maxMs: number;
  /** Time for running calls after GOAWAY. */
  readonly graceMs: number;
}

/** The HTTP/2 sessions of a listener: enforces their age and idle limits, and ends them without losing a call. */
export class Http2Sessions {
  readonly #clock: Clock;
  readonly #ageLimit: AgeLimit | undefined;
  /** Each session with the promise of its greeting. */
  readonly #sessions = new Map<Http2Session, Promise<void>>();
  #isLeaving = false;

  constructor(clock: Clock, ageLimit: AgeLimit | undefined) {
    this.#clock = clock;
    this.#ageLimit = ageLimit;
  }

  /** Adds a session. After `sayGoaway`, a new session is served and gets GOAWAY at once. */
  add(session: Http2Session): void {
    const stops = [this.#endIdle(session), this.#endOld(session)];
    const greeted = new Promise<void>((resolve) => {
      // The server's settings are sent by the next turn of the event loop.
      session.once("remoteSettings", () => setImmediate(resolve));
      session.once("close", resolve);
    });
    this.#sessions.set(session, greeted);
    session.once("close", () => {
      this.#sessions.delete(session);
      for (const stop of stops) stop();
    });
    if (this.#isLeaving) void this.#leave(session);
  }

  /** Sends GOAWAY to every client. Resolves when the present sessions accept no more streams. */
  async sayGoaway(): Promise<void> {
    this.#isLeaving = true;
    const left = new AbortController();
    const all = Promise.all(Array.from(this.#sessions.keys(), (session) => this.#leave(session)));
    const late = this.#clock.sleep(MAX_LEAVE_MS, left.signal).catch(() => {});
    await Promise.race([all, late]);
    left.abort();
  }

  /** Ends every session after its running calls. */
  close(): void {
    for (const session of this.#sessions.keys()) session.close();
  }

  async #leave(session: Http2Session): Promise<void> {
    await this.#sessions.get(session);
    await sayGoaway(session, this.#clock);
  }

  #endIdle(session: Http2Session): () => void {
    const clock = this.#clock;
    let open = 0;
    let idleSince = clock.now();
    const onClose = (): void => {
      open--;
      if (open === 0) idleSince = clock.now();
    };
    session.on("stream", (stream: ServerHttp2Stream) => {
      open++;
      stream.once("close", onClose);
    });
    const look = (): void => {
      const leftMs = open > 0 ? MAX_IDLE_MS : idleSince + MAX_IDLE_MS - clock.now();
      if (leftMs <= 0) void this.#leave(session);
      else stop = clock.schedule(leftMs, look);
    };
    let stop = clock.schedule(MAX_IDLE_MS, look);
    return () => stop();
  }

  #endOld(session: Http2Session): () => void {
    if (this.#ageLimit === undefined) return () => {};
    const clock = this.#clock;
    const { maxMs, graceMs } = this.#ageLimit;
    const afterMs = maxMs * (1 + AGE_JITTER * (2 * clock.random() - 1));
    let stop = clock.schedule(afterMs, () => {
      void this.#leave(session);
      stop = clock.schedule(graceMs, () => session.destroy());
    });
    return () => stop();
  }
}
