// Requests of any bytes and headers, over HTTP/2 and HTTP/1.1, and what they end with in each protocol.
import http from "node:http";
import http2, {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code } from "../../src/domain/error-table.ts";

/** How a call ended. */
export interface End {
  /** A name of google.rpc.Code, `HTTP 404` where there is none, or how the connection ended. */
  readonly how: string;
  readonly message: string;
}

const WHOLE: End = { how: "OK", message: "" };
const HEAD_BYTES = 5;
const COMPRESSED = 1;
const END_OF_CONNECT = 2;
const END_OF_WEB = 0x80;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

const NAMES = new Map<number, string>(Object.entries(Code).map(([name, code]) => [code, name]));
export const codeName = (code: unknown): string =>
  NAMES.get(Number(code)) ?? `code ${String(code)}`;

export const pathOf = ({ parent, name }: DescMethod): string => `/${parent.typeName}/${name}`;

/** One message behind its head. */
export function envelope(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(flags);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}

function grpcEnd(headers: IncomingHttpHeaders): End | undefined {
  const status = headers["grpc-status"];
  if (status === undefined) return undefined;
  const message = decodeURIComponent(String(headers["grpc-message"] ?? ""));
  return { how: codeName(status), message };
}

/** A call over HTTP/2. Always resolves. */
export function sendOverHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body: Buffer,
  timeoutMs = 60_000,
): Promise<End> {
  return new Promise((resolve) => {
    if (session.destroyed || session.closed) return resolve({ how: "closed", message: "" });
    let stream: ClientHttp2Stream;
    try {
      stream = session.request({ ":method": "POST", te: "trailers", ...headers });
    } catch {
      // The gateway has said GOAWAY.
      return resolve({ how: "closed", message: "" });
    }
    let end: End | undefined;
    let status: number | undefined;
    let bytes = 0;
    const timer = setTimeout(() => {
      resolve(end ?? { how: "no end", message: `none within ${timeoutMs} ms` });
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }, timeoutMs);
    stream.on("response", (received) => {
      status = received[":status"];
      end ??= grpcEnd(received);
    });
    stream.on("trailers", (received) => {
      end ??= grpcEnd(received);
    });
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) stream.close(http2.constants.NGHTTP2_CANCEL);
    });
    stream.on("error", () => {});
    const finish = (): void => {
      clearTimeout(timer);
      session.off("close", finish);
      if (end !== undefined) return resolve(end);
      if (status !== undefined) return resolve({ how: `HTTP ${status}`, message: "" });
      const isReset = stream.rstCode !== http2.constants.NGHTTP2_NO_ERROR;
      resolve({ how: session.destroyed || !isReset ? "closed" : "reset", message: "" });
    };
    stream.on("close", finish);
    // A stream that the end of its session meets in the middle of a write may not close.
    session.on("close", finish);
    stream.end(body);
  });
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request over HTTP/1.1; undefined: the connection ended before an answer was whole. */
export function sendOverHttp1(
  url: string,
  options: http.RequestOptions,
  body: Buffer,
  timeoutMs = 60_000,
): Promise<HttpAnswer | "closed" | "no end"> {
  return new Promise((resolve) => {
    const request = http.request(url, { method: "POST", ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", () => resolve("closed"));
      response.on("end", () => {
        clearTimeout(timer);
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: Buffer.concat(chunks) });
      });
    });
    const timer = setTimeout(() => {
      resolve("no end");
      request.destroy();
    }, timeoutMs);
    request.on("error", () => {
      clearTimeout(timer);
      resolve("closed");
    });
    request.end(body);
  });
}

const INFLATERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

function inflated(bytes: Buffer, encoding: string | string[] | undefined): Buffer {
  return INFLATERS[String(encoding)]?.(bytes) ?? bytes;
}

/** The last envelope of an answer, if it ends the stream. */
function lastEnvelope(bytes: Buffer, flag: number, encoding: string | string[] | undefined) {
  let at = 0;
  let last: Buffer | undefined;
  while (at + HEAD_BYTES <= bytes.length) {
    const flags = bytes[at] ?? 0;
    const end = at + HEAD_BYTES + bytes.readUInt32BE(at + 1);
    const message = bytes.subarray(at + HEAD_BYTES, end);
    last = (flags & flag) === 0 ? undefined : message;
    if (last !== undefined && (flags & COMPRESSED) !== 0) last = inflated(message, encoding);
    at = end;
  }
  return last?.toString();
}

interface ConnectError {
  readonly code: string;
  readonly message?: string;
}

function connectEnd({ code, message = "" }: ConnectError): End {
  return { how: code === "canceled" ? "CANCELLED" : code.toUpperCase(), message };
}

/** What an answer over HTTP/1.1 says, by its type. */
export function endOf(answer: HttpAnswer): End {
  const { status, headers, body } = answer;
  const type = headers["content-type"] ?? "";
  if (type.startsWith("application/grpc-web")) {
    const encoding = headers["grpc-encoding"];
    const lines = lastEnvelope(body, END_OF_WEB, encoding)?.split("\r\n") ?? [];
    const trailers = Object.fromEntries(
      lines.map((line) => [line.split(":", 1)[0] ?? "", line.slice(line.indexOf(":") + 1).trim()]),
    );
    return grpcEnd({ ...headers, ...trailers }) ?? { how: "no status", message: "" };
  }
  if (type.startsWith("application/connect+")) {
    const text = lastEnvelope(body, END_OF_CONNECT, headers["connect-content-encoding"]);
    if (text === undefined) return { how: "no status", message: "" };
    const { error } = JSON.parse(text) as { readonly error?: ConnectError };
    return error === undefined ? WHOLE : connectEnd(error);
  }
  if (status === 200) return WHOLE;
  const text = inflated(body, headers["content-encoding"]).toString();
  if (type.startsWith("application/json") && text.includes('"code"')) {
    return connectEnd(JSON.parse(text) as ConnectError);
  }
  return { how: `HTTP ${status}`, message: text.slice(0, 200) };
}
