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

/** Calls back with each piece of the answer. */
export function post(
  { agent, address, load: { path, body, headers }, signal }: Posted,
  onPiece: (piece: Buffer) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const url = `http://${address}${path}`;
    const length = String(Buffer.byteLength(body));
    const sent = { ...headers, "content-length": length };
    const failed = (error: Error): void => (signal?.aborted ? resolve() : reject(error));
    const request = http.request(url, {
      method: "POST",
      headers: sent,
      agent,
      ...(signal !== undefined && { signal }),
    });
    request.once("error", failed);
    request.once("response", (response) => {
      response.on("data", onPiece);
      response.once("error", failed);
      response.once("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${path}: status ${response.statusCode}`));
      });
    });
    request.end(body);
  });
}
