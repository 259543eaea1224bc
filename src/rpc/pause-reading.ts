import type { Http2Session } from "node:http2";
import { tcpHandle } from "./tcp-handle.ts";

/** Stops reading a connection without TLS: its streams and its frames. */
export function pauseReading(session: Http2Session): void {
  tcpHandle(session)?.readStop();
}

/**
 * Continues reading. False: not possible now, because the client does not read its answers and Node holds back
 * reading itself.
 */
export function resumeReading(session: Http2Session): boolean {
  const handle = tcpHandle(session);
  if (handle === undefined) return true;
  if (handle.writeQueueSize > 0) return false;
  handle.readStart();
  return true;
}
