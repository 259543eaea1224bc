import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
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

/** A real HTTP server on a free port; `answer` gets every request with its whole body. */
export async function startHttpUpstream(
  answer: (seen: SeenRequest) => void,
): Promise<HttpUpstream> {
  const seen: SeenRequest[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const entry = { request, response, body: Buffer.concat(chunks).toString("utf8") };
      seen.push(entry);
      answer(entry);
    });
  });
  server.on("connection", () => {
    connections++;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
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
