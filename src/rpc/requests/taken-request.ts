// Gives the HTTP library an empty request of the same protocol and format, because the library would decode a
// request before the dispatcher sees its bytes. Handlers read the real request from the call's context.
import type { Readable } from "node:stream";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { createContextKey } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import { GatewayError } from "../../domain/gateway-error.ts";
import type { Arrival, EncodedRequest, Encoding } from "../call.ts";
import { type Framing, readRequest } from "./read-request.ts";

const EMPTY = { proto: Buffer.alloc(0), json: Buffer.from("{}") } as const;

/** Headers for the compression of requests, and for accepted compressions of answers. */
export const ENCODING_HEADERS = {
  unary: ["content-encoding", "accept-encoding"],
  connect: ["connect-content-encoding", "connect-accept-encoding"],
  "grpc-web": ["grpc-encoding", "grpc-accept-encoding"],
} as const satisfies Record<Framing, unknown>;

const ENCODINGS = ["gzip", "br"] as const satisfies readonly Encoding[];

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

/** Undefined: not compressed, or with an unsupported compression. */
export function encodingOf(name: string | null): (typeof ENCODINGS)[number] | undefined {
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

/**
 * A request with an empty message. The real one, of at most `maxBytes`, is read from `body` and is under
 * `requestKey`.
 */
export function takeRequest(
  request: UniversalServerRequest,
  body: Readable,
  maxBytes: number,
): UniversalServerRequest {
  if (request.method === "GET") return takeQuery(request, maxBytes);
  const { header } = request;
  const contentType = (header.get("content-type") ?? "").toLowerCase();
  const format = contentType.includes("json") ? "json" : "proto";
  const framing = framingOf(contentType);
  const encoding = takeEncoding(header, framing);
  const promised = header.get("content-length");
  header.delete("content-length");

  const sent = { body, framing, encoding, promised, maxBytes };
  request.contextValues?.set(requestKey, async (arrival) => ({
    format,
    bytes: await readRequest(sent, arrival),
  }));
  return { ...request, body: emptyBody(EMPTY[format], framing) };
}
