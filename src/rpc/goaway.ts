import { writeSync } from "node:fs";
import type { Http2Session } from "node:http2";
import type { Clock } from "../clock.ts";
import { tcpHandle } from "./tcp-handle.ts";

/** Longest time between the request to leave and the last GOAWAY. */
const LEAVE_MS = 1_000;
/** Pause between two looks at a client that goes on to open streams. */
const LOOK_MS = 50;

/**
 * A GOAWAY frame with the highest stream id and NO_ERROR: "open no more streams here; those on their
 * way are served" (RFC 9113, 6.8). Length 8, type 7, no flags, stream 0, last id 2^31-1, code 0.
 */
const NOTICE = Buffer.from("0000080700000000007fffffff00000000", "hex");

/**
 * Sends `NOTICE` past Node's HTTP/2 library, which ignores every stream that arrives after a GOAWAY of
 * its own, whatever id that names. Node writes whole frames at a time: while no byte waits, the
 * connection stands between two frames. False where that cannot be: under TLS, and while bytes wait.
 */
function sendNotice(session: Http2Session): boolean {
  if (session.encrypted) return false;
  const handle = tcpHandle(session);
  if (handle === undefined || !(handle.fd >= 0) || handle.writeQueueSize !== 0) return false;
  let written: number;
  try {
    written = writeSync(handle.fd, NOTICE);
  } catch {
    // The kernel takes nothing now.
    return false;
  }
  if (written === NOTICE.length) return true;
  // A frame that was cut cannot be completed: other frames would come between.
  session.destroy();
  return false;
}

/** No frame can be sent, or the last GOAWAY was. */
function isOver(session: Http2Session): boolean {
  return session.closed || session.destroyed;
}

/** The highest stream of the client that has arrived; 0 for none. */
function lastStream(session: Http2Session): number {
  return session.state.lastProcStreamID ?? 0;
}

/** Waits for `end`, at most until the clock says `until`. */
function waitFor(
  clock: Clock,
  until: number,
  begin: (end: () => void) => void = () => {},
): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.schedule(until - clock.now(), resolve);
    begin(() => {
      cancel();
      resolve();
    });
  });
}

/**
 * Waits until the client has opened a stream and then none for the time of a PING. Fewer calls are on
 * their way then.
 */
async function becomesQuiet(session: Http2Session, clock: Clock, until: number): Promise<void> {
  while (!isOver(session) && clock.now() < until) {
    const before = lastStream(session);
    await waitFor(clock, until, (end) => session.ping(end));
    if (isOver(session) || (before > 0 && lastStream(session) === before)) return;
    await waitFor(clock, Math.min(until, clock.now() + LOOK_MS));
  }
}

/**
 * Ends an HTTP/2 session without losing a call: GOAWAY with the highest id, PING, and at its answer
 * GOAWAY with the id of the last stream that was taken. Running streams go on, and the session closes
 * after the last one. Under TLS, the second GOAWAY alone is sent, in a moment without new streams; its
 * id tells the client that a call on its way was not taken and can be sent again. Resolves when the
 * session takes no more streams, after a second at most. The settings must have been sent.
 */
export async function sayGoaway(session: Http2Session, clock: Clock): Promise<void> {
  if (isOver(session)) return;
  const until = clock.now() + LEAVE_MS;
  if (sendNotice(session)) await waitFor(clock, until, (end) => session.ping(end));
  else await becomesQuiet(session, clock, until);
  if (!isOver(session)) session.close();
}
