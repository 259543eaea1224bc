import type { Http2Session } from "node:http2";

/** What Node has of a TCP socket and does not document. */
interface TcpHandle {
  /** Bytes that wait for the kernel. */
  readonly writeQueueSize: number;
  readStart(): unknown;
  readStop(): unknown;
}

/** Undefined: the connection is lost. */
function handleOf(session: Http2Session): TcpHandle | undefined {
  if (session.destroyed) return undefined;
  const { _handle: handle } = session.socket as unknown as { readonly _handle?: TcpHandle | null };
  return handle ?? undefined;
}

/** Nothing more of a connection without TLS is read: neither its client's streams nor its frames. */
export function pauseReading(session: Http2Session): void {
  handleOf(session)?.readStop();
}

/**
 * Reads on. False: not now, since the client does not read what it is sent, and Node holds back reading for that
 * itself.
 */
export function resumeReading(session: Http2Session): boolean {
  const handle = handleOf(session);
  if (handle === undefined) return true;
  if (handle.writeQueueSize > 0) return false;
  handle.readStart();
  return true;
}
