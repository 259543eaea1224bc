import type { Readable } from "node:stream";
import { Code } from "../../domain/error-table.ts";
import { GatewayError } from "../../domain/gateway-error.ts";
import { type Arrival, type Encoding, RpcStatusError } from "../call.ts";
import { HEAD_BYTES } from "../envelope.ts";
import { readAll } from "./read-all.ts";

/** Flag of an envelope with a compressed message. */
export const COMPRESSED = 1;
/**
 * Flags of an envelope without a message: the end of a stream in Connect, trailers in gRPC-Web. gRPC has no such
 * envelope.
 */
export const END_FLAGS = { connect: 0b10, "grpc-web": 0b1000_0000 } as const;

/** How messages stand in a body: one without an envelope, or envelopes of either protocol. */
export type Framing = "unary" | keyof typeof END_FLAGS;

/** A body of a request that is not read. */
export interface RequestBody {
  readonly body: Readable;
  readonly framing: Framing | "grpc";
  /** Undefined: not compressed. */
  readonly encoding: Encoding | undefined;
  /** The header `content-length`. */
  readonly promised: string | null;
  /** Largest inflated message in bytes. */
  readonly maxBytes: number;
}

/** An error for which the protocols themselves have a code. */
function protocolError(code: keyof typeof Code, message: string): RpcStatusError {
  const status = { code: Code[code], message, details: [], trailers: {} };
  return new RpcStatusError(status, undefined);
}

interface EnvelopedMessage {
  readonly bytes: Buffer;
  readonly isCompressed: boolean;
}

/** The single message of an enveloped body. */
function openEnvelope(body: Buffer, endFlags: number): EnvelopedMessage {
  let message: EnvelopedMessage | undefined;
  for (let at = 0; at < body.length; ) {
    const end = at + HEAD_BYTES + (at + HEAD_BYTES > body.length ? 0 : body.readUInt32BE(at + 1));
    if (end > body.length) {
      throw new GatewayError("validation", "the request ends within its message");
    }
    const flags = body[at] ?? 0;
    if ((flags & endFlags) === 0) {
      if (message !== undefined)
        throw protocolError("UNIMPLEMENTED", "the method takes one request message");
      const bytes = body.subarray(at + HEAD_BYTES, end);
      message = { bytes, isCompressed: (flags & COMPRESSED) !== 0 };
    }
    at = end;
  }
  if (message === undefined) throw protocolError("UNIMPLEMENTED", "the request has no message");
  return message;
}

/** The inflated message of a request. Rejects with `GatewayError` or `RpcStatusError`. */
export async function readRequest(request: RequestBody, arrival: Arrival): Promise<Buffer> {
  const { body, framing, encoding, promised, maxBytes } = request;
  if (framing === "unary") {
    const bytes = await readAll(body, promised, maxBytes, arrival);
    return encoding === undefined ? bytes : arrival.inflate(bytes, encoding, maxBytes);
  }
  const whole = await readAll(body, promised, maxBytes + HEAD_BYTES, arrival);
  const message = openEnvelope(whole, framing === "grpc" ? 0 : END_FLAGS[framing]);
  return message.isCompressed ? inflated(message, request, arrival) : message.bytes;
}

/** The bytes of a message. Rejects with `GatewayError` or `RpcStatusError`. */
export async function inflated(
  { bytes, isCompressed }: EnvelopedMessage,
  { encoding, maxBytes }: Pick<RequestBody, "encoding" | "maxBytes">,
  arrival: Arrival,
): Promise<Buffer> {
  if (!isCompressed) return bytes;
  if (encoding !== undefined) return arrival.inflate(bytes, encoding, maxBytes);
  throw protocolError("INTERNAL", "the request is compressed and does not say by what");
}
