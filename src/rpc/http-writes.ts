import { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";

export type HttpResponse = ServerResponse | Http2ServerResponse;

/** Whether the answer is whole, or its connection is lost: nothing more can be written. */
export function isClosed(response: HttpResponse): boolean {
  return response instanceof ServerResponse ? response.closed : response.stream.destroyed;
}

/** Calls `onGone` if the connection ends before the answer. */
export function whenGone(response: HttpResponse, onGone: () => void): void {
  const tell = (): void => {
    if (!response.writableFinished) onGone();
  };
  if (isClosed(response)) tell();
  else response.once("close", tell);
}

/** Resolves when the connection accepts more data, or is closed. */
export function drained(response: HttpResponse): Promise<void> {
  // Node drops data for a response whose socket is destroyed, and only reports its close.
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
    if (isClosed(response)) done();
  });
}

/**
 * Hands what `write` writes to the connection at once. Node holds back what is written until all promises that are
 * ready have run, and these include every other event that the provider has sent meanwhile.
 */
export function atOnce<Result>(response: HttpResponse, write: () => Result): Result {
  const corked = response instanceof ServerResponse ? response.socket : null;
  corked?.cork();
  try {
    return write();
  } finally {
    corked?.uncork();
  }
}
