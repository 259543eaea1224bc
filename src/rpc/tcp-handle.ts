// Access to undocumented members of Node's TCP sockets. Each has a test that fails without it.
import type { Http2Session } from "node:http2";

export interface TcpHandle {
  /** Below 0 if the system has no file descriptors. */
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
