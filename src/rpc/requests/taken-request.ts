// Gives the HTTP library an empty request of the same protocol and format, because the library would decode a
// request before the dispatcher sees its bytes. Handlers read the real request from the call's context.
import { base64Decode } from "@bufbuild/protobuf/wire";
import { createContextKey } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import { Code } from "../../domain/error-table.ts";
import { GatewayError } from "../../domain/gateway-error.ts";
import { type Arrival, type EncodedRequest, type Encoding, RpcStatusError } from "../call.ts";
import { readAll } from "./read-all.ts";

const HEAD_BYTES = 5;
const COMPRESSED = 1;
/** Flags of an envelope without a message: the end of a stream in Connect, trailers in gRPC-Web. */
const END_FLAGS = { connect: 0b10, "grpc-web": 0b1000_0000 } as const;

const EMPTY = { proto: Buffer.alloc(0), json: Buffer.from("{}") } as const;

/** Headers for the compression of requests, and for accepted compressions of answers. */
const ENCODING_HEADERS = {
  unary: ["content-encoding", "accept-encoding"],
  connect: ["connect-content-encoding", "connect-accept-encoding"],
  "grpc-web": ["grpc-encoding", "grpc-accept-encoding"],
} as const;

const ENCODINGS = ["gzip", "br"] as const satisfies readonly Encoding[];

type Framing = keyof typeof ENCODING_HEADERS;

type Body = AsyncIterable<Uint8Array>;

/** Reads the request of a call. Throws `validation` or `RpcStatusError`. */
export type ReadRequest = (arrival: Arrival) => Promise<EncodedRequest>;

/** Set in the context of every call that reaches a handler. */
export const requestKey = createContextKey<ReadRequest>(() =>
  Promise.reject(new Error("no request was taken")),
);

function framingOf(contentType: string): Framing {
  if (contentType.startsWith("application/connect+")) return "connect";
  return contentType.startsWith("application/grpc-web") ? "grpc-web" : "unary";
}

/** An error for which the protocols themselves have a code. */
function protocolError(code: keyof typeof Code, message: string): RpcStatusError {
  const status = { code: Code[code], message, details: [], trailers: {} };
  return new RpcStatusError(status, undefined);
}

/** The single message of an enveloped body, and whether it is compressed. */
function openEnvelope(body: Buffer, framing: keyof typeof END_FLAGS) {
  let message: { readonly bytes: Buffer; readonly isCompressed: boolean } | undefined;
  for (let at = 0; at < body.length; ) {
    const end = at + HEAD_BYTES + (at + HEAD_BYTES > body.length ? 0 : body.readUInt32BE(at + 1));
    if (end > body.length) {
      throw new GatewayError("validation", "the request ends within its message");
    }
    const flags = body[at] ?? 0;
    if ((flags & END_FLAGS[framing]) === 0) {
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

/** Undefined: not compressed, or with an unsupported compression. */
function encodingOf(name: string | null): Encoding | undefined {
  return ENCODINGS.find((encoding) => encoding === name);
}

/** Handles a supported compression itself; the library refuses others. */
function takeEncoding(header: Headers, framing: Framing): Encoding | undefined {
  const [name, accepted] = ENCODING_HEADERS[framing];
  const encoding = encodingOf(header.get(name));
  if (encoding === undefined) return undefined;
  header.delete(name);
  // A caller that names no compression for answers accepts that of its request.
  if (!header.has(accepted)) header.set(accepted, encoding);
  return encoding;
}

function fromBase64(text: string): Uint8Array {
  try {
    return base64Decode(text);
  } catch (cause) {
    throw new GatewayError("validation", "the message in the address is not base64", { cause });
  }
}

/** A GET request, whose message is in the query. */
function takeQuery(request: UniversalServerRequest, maxBytes: number): UniversalServerRequest {
  const url = new URL(request.url);
  const { searchParams: query } = url;
  const format = query.get("encoding") === "json" ? "json" : "proto";
  const text = query.get("message") ?? "";
  const isBase64 = query.get("base64") === "1";
  const encoding = encodingOf(query.get("compression"));
  query.set("message", EMPTY[format].toString());
  query.delete("base64");
  if (encoding !== undefined) query.delete("compression");
  request.contextValues?.set(requestKey, async (arrival) => {
    const sent = isBase64 ? fromBase64(text) : Buffer.from(text);
    if (encoding === undefined) return { format, bytes: sent };
    return { format, bytes: await arrival.inflate(sent, encoding, maxBytes) };
  });
  return { ...request, url: url.toString() };
}

async function* emptyBody(message: Buffer, framing: Framing): AsyncGenerator<Uint8Array> {
  if (framing === "unary") yield message;
  else yield Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
}

/** A request with an empty message. The real one, of at most `maxBytes`, is under `requestKey`. */
export function takeRequest(
  request: UniversalServerRequest,
  maxBytes: number,
): UniversalServerRequest {
  if (request.method === "GET") return takeQuery(request, maxBytes);
  const { header } = request;
  const body = request.body as Body;
  const contentType = (header.get("content-type") ?? "").toLowerCase();
  const format = contentType.includes("json") ? "json" : "proto";
  const framing = framingOf(contentType);
  const encoding = takeEncoding(header, framing);
  const promised = header.get("content-length");
  header.delete("content-length");

  async function read(arrival: Arrival): Promise<Buffer> {
    if (framing === "unary") {
      const bytes = await readAll(body, promised, maxBytes, arrival);
      return encoding === undefined ? bytes : arrival.inflate(bytes, encoding, maxBytes);
    }
    const whole = await readAll(body, promised, maxBytes + HEAD_BYTES, arrival);
    const { bytes, isCompressed } = openEnvelope(whole, framing);
    if (!isCompressed) return bytes;
    if (encoding !== undefined) return arrival.inflate(bytes, encoding, maxBytes);
    throw protocolError("INTERNAL", "the request is compressed and does not say by what");
  }

  request.contextValues?.set(requestKey, async (arrival) => ({
    format,
    bytes: await read(arrival),
  }));
  return { ...request, body: emptyBody(EMPTY[format], framing) };
}
