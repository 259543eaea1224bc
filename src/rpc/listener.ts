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
  /** What new TLS handshakes are served by; undefined: no TLS. */
  readonly tls: TlsMaterial | undefined;
  /** Serves new TLS handshakes by these; connections that are open stay. */
  setTls(tls: TlsMaterial): void;
  /** Connections that are open now. */
  readonly connections: number;
  /**
   * Says GOAWAY to every HTTP/2 client, and to those that come later; all calls go on. Resolves when the clients of now open
   * no more calls.
   */
  sayGoaway(): Promise<void>;
  /** Takes no new connection. */
  stopListening(): void;
  /** Sends what is on its way, then cuts what is left. */
  close(): Promise<void>;
}
