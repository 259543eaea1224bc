import type { ServerHttp2Stream } from "node:http2";
import { GatewayError } from "../../domain/gateway-error.ts";
import type { Arrival, Encoding } from "../call.ts";
import { HEAD_BYTES } from "../envelope.ts";
import { COMPRESSED, inflated } from "./read-request.ts";
import { requestTooLarge } from "./request-limits.ts";

/** A body of several messages that is not read. */
export interface MessagesBody {
  readonly stream: ServerHttp2Stream;
  readonly encoding: Encoding | undefined;
  /** Largest message in bytes. */
  readonly maxBytes: number;
}

/**
 * Gives each message of a body to `take`, and reads on when it is taken. After the first message, the rest of the body
 * may take any time.
 */
export async function readMessages(
  { stream, encoding, maxBytes }: MessagesBody,
  arrival: Arrival,
  take: (message: Buffer) => Promise<void>,
): Promise<void> {
  let pieces: Buffer[] = [];
  let held = 0;
  let needed = HEAD_BYTES;
  // By default, an error of `take` would destroy the stream before its status is sent.
  for await (const piece of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    arrival.receive(piece.length);
    pieces.push(piece);
    held += piece.length;
    while (held >= needed) {
      const whole = Buffer.concat(pieces, held);
      pieces = [whole];
      const length = whole.readUInt32BE(1);
      if (length > maxBytes) throw requestTooLarge(maxBytes, "sent");
      needed = HEAD_BYTES + length;
      if (held < needed) break;
      const isCompressed = ((whole[0] ?? 0) & COMPRESSED) !== 0;
      const message = { bytes: whole.subarray(HEAD_BYTES, needed), isCompressed };
      const bytes = await inflated(message, { encoding, maxBytes }, arrival);
      arrival.end();
      arrival.drop();
      await take(bytes);
      pieces = [whole.subarray(needed)];
      held -= needed;
      needed = HEAD_BYTES;
    }
  }
  if (held > 0) throw new GatewayError("validation", "the request ends within its message");
}
