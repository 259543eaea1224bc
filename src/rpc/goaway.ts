import { writeSync } from "node:fs";
import type { Http2Session } from "node:http2";
import type { Clock } from "../clock.ts";
import { tcpHandle } from "./tcp-handle.ts";

/** Longest time between the notice and the last GOAWAY, in milliseconds. */
const LEAVE_MS = 1_000;
/** Pause in milliseconds between two looks at a client that keeps opening streams. */
const LOOK_MS = 50;

/**
 * A GOAWAY frame with the highest stream id and NO_ERROR: "open no more streams here; those on their way are
 * served" (RFC 9113, 6.8). Length 8, type 7, no flags, stream 0, last id 2^31-1, code 0.
 */
const NOTICE = Buffer.from("0000080700000000007fffffff00000000", "hex");

/**
 * Writes `NOTICE` past Node's HTTP/2 library, which ignores every stream that arrives after its own GOAWAY,
 * whatever the id. Node writes whole frames, so the connection is between two frames while no byte waits. False if
 * it cannot be written: under TLS, and while bytes wait.
 */
function sendNotice(session: Http2Session): boolean {
  if (session.encrypted) return false;
  const handle = tcpHandle(session);
  if (handle === undefined || !(handle.fd >= 0) || handle.writeQueueSize !== 0) return false;
  let written: number;
  try {
    written = writeSync(handle.fd, NOTICE);
  } catch {
    // The kernel accepts no bytes now.
    return false;
  }
  if (written === NOTICE.length) return true;
  // A partial frame cannot be completed, because other frames would follow.
  session.destroy();
  return false;
}

/** No frame can be sent, or the last GOAWAY was sent. */
function isOver(session: Http2Session): boolean {
  return session.closed || session.destroyed;
}

/** The highest stream of the client that has arrived; 0: none. */
function lastStream(session: Http2Session): number {
  return session.state.lastProcStreamID ?? 0;
}

/** Waits for `end`, at most until the clock's time `until`. */
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

/** Waits until the client opens no stream for the time of a PING, because fewer calls are on their way then. */
async function becomesQuiet(session: Http2Session, clock: Clock, until: number): Promise<void> {
  while (!isOver(session) && clock.now() < until) {
    const before = lastStream(session);
    await waitFor(clock, until, (end) => session.ping(end));
    if (isOver(session) || (before > 0 && lastStream(session) === before)) return;
    await waitFor(clock, Math.min(until, clock.now() + LOOK_MS));
  }
}

/**
 * Ends an HTTP/2 session without losing a call: GOAWAY with the highest id, PING, and after its answer GOAWAY with
 * the id of the last accepted stream. Running streams continue, and the session closes after the last one. Under
 * TLS only the second GOAWAY is sent, at a moment without new streams; its id tells the client that a call on its
 * way was not accepted and can be sent again. Resolves when the session accepts no more streams, after at most a
 * second. The settings must have been sent before.
 */
export async function sayGoaway(session: Http2Session, clock: Clock): Promise<void> {
  if (isOver(session)) return;
  const until = clock.now() + LEAVE_MS;
  if (sendNotice(session)) await waitFor(clock, until, (end) => session.ping(end));
  else await becomesQuiet(session, clock, until);
  if (!isOver(session)) session.close();
}
