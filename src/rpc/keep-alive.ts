import type { Http2Session } from "node:http2";
import type { Clock } from "../clock.ts";

/** Interval of PINGs to a client, and the time to wait for an answer, in milliseconds. */
const KEEPALIVE_TIME_MS = 60_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;

/** Destroys a session whose client does not answer a PING. */
export function keepAlive(session: Http2Session, clock: Clock): void {
  const ask = (): void => {
    if (session.destroyed) return;
    const giveUp = clock.schedule(KEEPALIVE_TIMEOUT_MS, () => session.destroy());
    stop = giveUp;
    session.ping(() => {
      giveUp();
      if (!session.destroyed) stop = clock.schedule(KEEPALIVE_TIME_MS, ask);
    });
  };
  let stop = clock.schedule(KEEPALIVE_TIME_MS, ask);
  session.once("close", () => stop());
}
