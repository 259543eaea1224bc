import type { Readable } from "node:stream";
import { GatewayError } from "../../domain/gateway-error.ts";
import type { Arrival } from "../call.ts";
import { requestTooLarge } from "./request-limits.ts";

const LEFT = "the caller left before its request was whole";

/** A shared constant: a caller can leave hundreds of requests at once, and each stack trace costs as much as one. */
const CALLER_LEFT = Object.freeze(new GatewayError("cancelled", LEFT));

/**
 * All bytes of a body of at most `maxBytes`. Unread bytes are left to the connection. By events: the iterator of a
 * stream costs more than the rest of a small request, and would close the connection before an error is answered.
 */
export function readAll(
  body: Readable,
  promised: string | null,
  maxBytes: number,
  arrival: Pick<Arrival<Error>, "receive" | "whenCut">,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (promised !== null && Number(promised) > maxBytes)
      return reject(requestTooLarge(maxBytes, "sent"));
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const stop = (): void => {
      body.off("data", take);
      body.off("end", end);
      body.off("error", leave);
      body.off("close", leave);
    };
    const fail = (error: Error): void => {
      stop();
      body.pause();
      reject(error);
    };
    const take = (chunk: Uint8Array): void => {
      bytes += chunk.byteLength;
      chunks.push(chunk);
      arrival.receive(chunk.byteLength);
      if (bytes > maxBytes) fail(requestTooLarge(maxBytes, "sent"));
    };
    const end = (): void => {
      // Node also ends the body of a stream whose connection is lost.
      if (body.closed) return leave();
      stop();
      // Always a copy: a piece is a part of a larger buffer of the connection, which would be kept with it.
      resolve(Buffer.concat(chunks, bytes));
    };
    const leave = (cause?: Error): void => {
      fail(cause === undefined ? CALLER_LEFT : new GatewayError("cancelled", LEFT, { cause }));
    };
    arrival.whenCut(fail);
    if (body.destroyed) return leave();
    body.on("error", leave);
    body.on("close", leave);
    body.on("end", end);
    body.on("data", take);
  });
}
