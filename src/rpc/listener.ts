import type { TlsMaterial } from "../domain/tls-material.ts";
import type { ListenAddress } from "./listen.ts";

/** An address at which calls come in. */
export interface Listener {
  /** As taken: the port is never 0. */
  readonly address: ListenAddress;
  /**
   * Tells whether the service takes calls: health checks and watchers of gRPC, or `/readyz`. While it is false, an HTTP/1.1
   * connection ends with its next answer.
   */
  setServing(serving: boolean): void;
  /** Certificate and key for new TLS handshakes; undefined: no TLS. */
  readonly tls: TlsMaterial | undefined;
  /** Serves new TLS handshakes by these; connections that are open stay. */
  setTls(tls: TlsMaterial): void;
  /** Connections that are open now. */
  readonly connections: number;
  /**
   * Sends GOAWAY to every HTTP/2 client, present and future ones. Calls continue. Resolves when the present clients
   * start no more calls.
   */
  sayGoaway(): Promise<void>;
  /** Takes no new connection. */
  stopListening(): void;
  /** Sends answers that are on their way, then closes all remaining connections. */
  close(): Promise<void>;
}
