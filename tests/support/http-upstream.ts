import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";

/** A request as the upstream saw it. */
export interface SeenRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
}

export interface HttpUpstream extends AsyncDisposable {
  readonly baseUrl: string;
  readonly seen: SeenRequest[];
  /** Connections accepted so far. */
  readonly connections: number;
}

/**
 * A real HTTP server on a free port. `answer` gets every request with its whole body. With `tls` it serves HTTPS at
 * `localhost`.
 */
export async function startHttpUpstream(
  answer: (seen: SeenRequest) => void,
  tls?: ServerOptions,
): Promise<HttpUpstream> {
  const seen: SeenRequest[] = [];
  let connections = 0;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const entry = { request, response, body: Buffer.concat(chunks).toString("utf8") };
      seen.push(entry);
      answer(entry);
    });
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on("connection", () => {
    connections++;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `${tls === undefined ? "http://127.0.0.1" : "https://localhost"}:${port}/v1`,
    seen,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
