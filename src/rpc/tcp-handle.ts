// The border to what Node has of a TCP socket and does not document. Each member has a test that fails without it.
import type { Http2Session } from "node:http2";

export interface TcpHandle {
  /** Below 0 where the system has none. */
  readonly fd: number;
  /** Bytes that wait for the kernel. */
  readonly writeQueueSize: number;
  readStart(): unknown;
  readStop(): unknown;
}

/** The handle of a session's socket; undefined: the connection is lost. */
export function tcpHandle(session: Http2Session): TcpHandle | undefined {
  if (session.destroyed) return undefined;
  const { _handle: handle } = session.socket as unknown as { readonly _handle?: TcpHandle | null };
  return handle ?? undefined;
}
