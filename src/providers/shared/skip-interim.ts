import type { Socket } from "node:net";

/** 101 is none: it would be the last, and nobody asks for it. */
const INTERIM = /^HTTP\/1\.[01] 1(?!01)\d\d\D/;
const INTERIM_START = /^H(?:T(?:T(?:P(?:\/(?:1(?:\.(?:[01](?: (?:1\d{0,2})?)?)?)?)?)?)?)?)?$/;
/** Bytes of a status line that tell whether it is one. */
const STATUS_LENGTH = 13;
const END = "\r\n\r\n";
/** An interim answer that is longer is left to the parser, which refuses it. */
const MAX_INTERIM_BYTES = 16 * 1024;

/** What `bytes`, the beginning of an answer, are behind its interim answers; undefined: more has to come. */
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
 * A server may send answers of 1xx before any answer (RFC 9110, 15.2), and undici takes a 100 for
 * a failure of the connection. Takes such answers out of what is read from `socket`, on which one
 * request runs at a time.
 */
export function skipInterim(socket: Socket): Socket {
  const read = socket.read.bind(socket);
  const write = socket.write.bind(socket);
  /** The answer to what was written last has not begun. */
  let isBeginning = false;
  let held: Buffer | undefined;

  socket.write = ((...args: Parameters<typeof write>) => {
    isBeginning = true;
    return write(...args);
  }) as typeof socket.write;
  socket.read = (size?: number): Buffer | null => {
    for (;;) {
      // A stream asks itself for nothing, so that more is read: that must take nothing away.
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
