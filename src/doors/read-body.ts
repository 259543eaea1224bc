// Reads the JSON body of a request at a door: its size is limited first, then it is decompressed, scanned and parsed
// once.
import type { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { GatewayError } from "../domain/gateway-error.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../domain/json.ts";
import type { Arrival, Encoding } from "../rpc/call.ts";
import { MAX_ELEMENTS } from "../rpc/requests/message-bounds.ts";
import { readAll } from "../rpc/requests/read-all.ts";
import { readJson } from "../rpc/requests/read-json.ts";
import { scanJson, scanLargeJson } from "../rpc/requests/scan-json.ts";
import { MAX_DEPTH, MAX_FIELDS } from "../rpc/requests/scan-wire.ts";

const BOUNDS = { maxDepth: MAX_DEPTH, maxElements: MAX_ELEMENTS, maxFields: MAX_FIELDS } as const;

/** Bytes above which reading a body is done in steps, between which other calls run. */
const LARGE_BYTES = 1024 * 1024;

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  gzip: "gzip",
  deflate: "deflate",
  br: "br",
};

type Header = (name: string) => string | undefined;

/** Undefined: the body is not compressed. */
function encodingOf(header: Header): Encoding | undefined {
  const name = header("content-encoding")?.trim().toLowerCase();
  if (name === undefined || name === "" || name === "identity") return undefined;
  const encoding = ENCODINGS[name];
  if (encoding !== undefined) return encoding;
  const message = "content-encoding: only gzip, deflate and br are taken";
  throw new GatewayError("validation", message);
}

function positionOf(text: string, at: number): string {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  return `line ${line}, column ${at - before.lastIndexOf("\n")}`;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

function parse(bytes: Buffer): JsonValue {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch (cause) {
    throw new GatewayError("validation", "the body is not UTF-8", { cause });
  }
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    const at = /at position (\d+)/.exec(cause instanceof Error ? cause.message : "")?.[1];
    const where = positionOf(text, at === undefined ? text.length : Number(at));
    throw new GatewayError("validation", `the body is not JSON at ${where}`, { cause });
  }
}

async function jsonOf(bytes: Buffer): Promise<JsonValue> {
  const isLarge = bytes.byteLength > LARGE_BYTES;
  const size = isLarge ? await scanLargeJson(bytes, BOUNDS, nextTurn) : scanJson(bytes, BOUNDS);
  if ("description" in size) {
    const where = size.field === "" ? "" : `${size.field}: `;
    throw new GatewayError("validation", `${where}${size.description}`, { violations: [size] });
  }
  const parsed = isLarge ? undefined : parse(bytes);
  return parsed === undefined || size.hasEscapedName ? readJson(bytes, nextTurn) : parsed;
}

export interface BodyOptions {
  readonly body: Readable;
  readonly header: Header;
  /** Most bytes after decompression. */
  readonly maxBytes: number;
  readonly arrival: Arrival<Error>;
}

/** All bytes of the decompressed body. Rejects with `GatewayError`, or with the error that ended the arrival. */
export async function readBody(options: BodyOptions): Promise<Buffer> {
  const { body, header, maxBytes, arrival } = options;
  const encoding = encodingOf(header);
  const sent = await readAll(body, header("content-length") ?? null, maxBytes, arrival);
  return encoding === undefined ? sent : arrival.inflate(sent, encoding, maxBytes);
}

/** The object in a body; empty for an empty body. Rejects with `GatewayError`. */
export async function parseBody(bytes: Buffer): Promise<JsonObject> {
  if (bytes.byteLength === 0) return {};
  const value = await jsonOf(bytes);
  if (isJsonObject(value)) return value;
  throw new GatewayError("validation", "the body must be a JSON object");
}
