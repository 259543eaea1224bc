// Calls over HTTP/1.1, as clients of HTTP APIs make them: JSON in, JSON or events out.
import http from "node:http";

export interface HttpLoad {
  readonly path: string;
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Events in a piece of the answer. */
  readonly eventsIn: (piece: Buffer) => number;
}

/** Number of places at which `text` stands in a piece. */
export function occurrences(piece: Buffer, text: Buffer): number {
  let count = 0;
  for (let at = piece.indexOf(text); at >= 0; at = piece.indexOf(text, at + 1)) count++;
  return count;
}

export interface Posted {
  readonly agent: http.Agent;
  readonly address: string;
  readonly load: HttpLoad;
  /** Ends the request; the promise then resolves. */
  readonly signal?: AbortSignal | undefined;
}

/** Whether the server has closed a kept connection before it read the request; nothing of it was served. */
function isStale(request: http.ClientRequest, error: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && error.code === "ECONNRESET";
}

/**
 * Calls back with each piece of the answer. As clients do, it sends a request once more if the server closed the kept
 * connection at the same moment.
 */
export function post(posted: Posted, onPiece: (piece: Buffer) => void): Promise<void> {
  const { agent, address, signal } = posted;
  const { path, body, headers } = posted.load;
  return new Promise((resolve, reject) => {
    const request = http.request(`http://${address}${path}`, {
      method: "POST",
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      agent,
      ...(signal !== undefined && { signal }),
    });
    let isAnswered = false;
    const failed = (error: Error): void => {
      if (signal?.aborted) resolve();
      else if (!isAnswered && isStale(request, error)) post(posted, onPiece).then(resolve, reject);
      else reject(new Error(`${address}${path}: ${error.message}`, { cause: error }));
    };
    request.once("error", failed);
    request.once("response", (response) => {
      isAnswered = true;
      response.on("data", onPiece);
      response.once("error", failed);
      response.once("end", () => {
        if (response.statusCode === 200) resolve();
        else failed(new Error(`status ${response.statusCode}`));
      });
    });
    request.end(body);
  });
}
