import type { Socket } from "node:net";

/** 101 is excluded: it would be a final answer, and no request asks for it. */
const INTERIM = /^HTTP\/1\.[01] 1(?!01)\d\d\D/;
const INTERIM_START = /^H(?:T(?:T(?:P(?:\/(?:1(?:\.(?:[01](?: (?:1\d{0,2})?)?)?)?)?)?)?)?)?$/;
/** Bytes of a status line that show whether the answer is interim. */
const STATUS_LENGTH = 13;
const END = "\r\n\r\n";
/** A longer interim answer is left to the parser, which refuses it. */
const MAX_INTERIM_BYTES = 16 * 1024;

/** The rest of `bytes`, the beginning of an answer, after interim answers; undefined: more bytes are needed. */
function withoutInterim(bytes: Buffer): Buffer | undefined {
  let rest = bytes;
  for (;;) {
    const status = rest.toString("latin1", 0, STATUS_LENGTH);
    if (status.length < STATUS_LENGTH) {
      return status === "" || INTERIM_START.test(status) ? undefined : rest;
    }
    if (!INTERIM.test(status)) return rest;
    const end = rest.indexOf(END);
    if (end < 0) return rest.length > MAX_INTERIM_BYTES ? rest : undefined;
    rest = rest.subarray(end + END.length);
  }
}

/**
 * Removes interim answers (1xx) from the data read from `socket`, on which one request runs at a time. A server may
 * send them before any answer (RFC 9110, 15.2), but undici treats a 100 as a failed connection.
 */
export function skipInterim(socket: Socket): Socket {
  const read = socket.read.bind(socket);
  const write = socket.write.bind(socket);
  /** Whether the answer to the last write has not begun. */
  let isBeginning = false;
  let held: Buffer | undefined;

  socket.write = ((...args: Parameters<typeof write>) => {
    isBeginning = true;
    return write(...args);
  }) as typeof socket.write;
  socket.read = (size?: number): Buffer | null => {
    for (;;) {
      // The stream itself calls `read(0)` to fetch more data. That call must remove nothing.
      const chunk: Buffer | null = read(size);
      if (chunk === null || !isBeginning) return chunk;
      const answer = withoutInterim(held === undefined ? chunk : Buffer.concat([held, chunk]));
      held = answer === undefined ? Buffer.concat([held ?? Buffer.alloc(0), chunk]) : undefined;
      if (answer === undefined) continue;
      isBeginning = false;
      return answer;
    }
  };
  return socket;
}
