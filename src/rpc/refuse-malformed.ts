import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Lingering } from "./linger.ts";

/** Answers by the code of Node's error. */
const STATUSES = new Map([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", "413 Payload Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
]);

/**
 * Ends a connection whose bytes are no request, or whose request comes too slowly. Without this, Node writes its
 * answer and destroys the connection at once: a client that still sends can get a reset instead of the answer, and
 * under TLS an answer behind bytes that are being written is dropped. `running` are the requests of the connection
 * that wait for their answer.
 */
export function refuseMalformed(
  error: Error,
  socket: Socket,
  running: readonly ServerResponse[],
  lingering: Lingering,
): void {
  // Node reports the error again with each further piece.
  if (lingering.hasRefused(socket)) return;
  const isBegun = running.some(({ headersSent }) => headersSent);
  if (!socket.writable || isBegun) return void socket.destroy(error);
  const code = "code" in error ? String(error.code) : "";
  const answer = `HTTP/1.1 ${STATUSES.get(code) ?? "400 Bad Request"}\r\nConnection: close\r\n\r\n`;
  if (running.length === 0) return lingering.refuse(socket, answer);
  // The handler of a request whose body breaks off hears of it only when the connection is destroyed.
  socket.write(answer);
  socket.destroy(error);
}
