import type { Http2Session } from "node:http2";
import { tcpHandle } from "./tcp-handle.ts";

/** Nothing more of a connection without TLS is read: neither its client's streams nor its frames. */
export function pauseReading(session: Http2Session): void {
  tcpHandle(session)?.readStop();
}

/**
 * Reads on. False: not now, since the client does not read what it is sent, and Node holds back reading for that
 * itself.
 */
export function resumeReading(session: Http2Session): boolean {
  const handle = tcpHandle(session);
  if (handle === undefined) return true;
  if (handle.writeQueueSize > 0) return false;
  handle.readStart();
  return true;
}
