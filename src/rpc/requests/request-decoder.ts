import { setImmediate as nextTurn } from "node:timers/promises";
import {
  createRegistry,
  type DescMessage,
  fromJson,
  fromJsonString,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { GatewayError } from "../../domain/gateway-error.ts";
import type { EncodedRequest } from "../call.ts";
import { syntaxProblem } from "../json-text.ts";
import { fromBytes } from "./from-bytes.ts";
import { takeLongBytes } from "./long-bytes.ts";
import { BoundsCompiler, MAX_ELEMENTS } from "./message-bounds.ts";
import { readJson } from "./read-json.ts";
import { Rules, refuse } from "./rules.ts";
import { type JsonSize, scanJson, scanLargeJson } from "./scan-json.ts";
import { MAX_DEPTH, MAX_FIELDS, scanWire } from "./scan-wire.ts";

const JSON_BOUNDS = {
  maxDepth: MAX_DEPTH,
  maxElements: MAX_ELEMENTS,
  maxFields: MAX_FIELDS,
} as const;

/** A request beyond either bound lets other calls run between the steps of its decoding. */
const LARGE_BYTES = 1024 * 1024;
const LARGE_FIELDS = 8_192;

/** Frees the own buffer of a large request at once instead of at a full collection. */
function release({ byteLength, buffer }: Uint8Array): void {
  if (byteLength > LARGE_BYTES && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Decodes UTF-8; throws if the text is not UTF-8. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GatewayError("validation", "the request is not UTF-8", { cause });
  }
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    const message = `the request is ${syntaxProblem(cause, text)}`;
    throw new GatewayError("validation", message, { cause });
  }
}

/** Number of members of all objects in a value. */
function membersOf(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Array.isArray(value) ? value : Object.values(value);
  let members = Array.isArray(value) ? 0 : inner.length;
  for (const one of inner) members += membersOf(one);
  return members;
}

/** Turns the bytes that a listener received into a request that satisfies the rules of the contract. */
export class RequestDecoder {
  readonly #bounds = new BoundsCompiler();
  readonly #rules: Rules;
  readonly #json;

  /** `schemas` are compiled once, at the start. */
  constructor(schemas: readonly DescMessage[]) {
    // Messages can contain others of their file as `Any`, for example those of the conformance suite.
    const registry = createRegistry(...schemas.map(({ file }) => file));
    // A misspelt field must not be ignored.
    this.#json = { ignoreUnknownFields: false, recursionLimit: MAX_DEPTH, registry };
    for (const schema of schemas) this.#bounds.of(schema);
    this.#rules = new Rules(schemas);
  }

  /**
   * Rejects with `GatewayError` `validation` if the request is malformed, exceeds a bound or breaks a rule.
   * `onDecoded` gets the message before its rules are checked. The bytes of a large request must not be used
   * afterwards.
   */
  async decode(
    schema: DescMessage,
    request: EncodedRequest,
    onDecoded?: (message: Message) => void,
  ): Promise<Message> {
    try {
      return await this.#decode(schema, request, onDecoded);
    } catch (error) {
      release(request.bytes);
      throw error;
    }
  }

  #scan(schema: DescMessage, { bytes, format }: EncodedRequest) {
    if (format === "proto") return scanWire(bytes, this.#bounds.of(schema));
    if (bytes.byteLength <= LARGE_BYTES) return scanJson(bytes, JSON_BOUNDS);
    return scanLargeJson(bufferOf(bytes), JSON_BOUNDS, nextTurn);
  }

  async #decode(
    schema: DescMessage,
    request: EncodedRequest,
    onDecoded?: (message: Message) => void,
  ): Promise<Message> {
    const { bytes } = request;
    const scanned = this.#scan(schema, request);
    // A small request is decoded in the turn in which it becomes complete.
    const size = scanned instanceof Promise ? await scanned : scanned;
    if ("description" in size) throw refuse([size]);
    const { fields } = size;
    const isLarge = bytes.byteLength > LARGE_BYTES || fields > LARGE_FIELDS;
    const pause = isLarge ? () => nextTurn() : undefined;
    await pause?.();
    const message =
      size.members === undefined
        ? this.#fromWire(schema, bytes)
        : await this.#fromJson(schema, bytes, size, pause);
    onDecoded?.(message);
    await pause?.();
    this.#rules.check(schema, message);
    return message;
  }

  #fromWire(schema: DescMessage, bytes: Uint8Array): Message {
    try {
      return fromBytes(schema, bytes);
    } catch (cause) {
      // The scan leaves texts that are not UTF-8 to the decoder.
      throw new GatewayError("validation", `the request is not a ${schema.typeName}`, { cause });
    }
  }

  async #fromJson(
    schema: DescMessage,
    bytes: Uint8Array,
    { members, hasEscapedName }: JsonSize,
    pause: (() => Promise<void>) | undefined,
  ): Promise<Message> {
    if (bytes.byteLength > LARGE_BYTES) {
      const json = await readJson(bufferOf(bytes), nextTurn);
      release(bytes);
      await nextTurn();
      const putLongBytes = await takeLongBytes(schema, json, nextTurn);
      const message = this.#build(() => fromJson(schema, json, this.#json));
      putLongBytes(message);
      return message;
    }
    const text = textOf(bytes);
    await pause?.();
    const parsed = parse(text);
    const json = hasEscapedName ? await readJson(bufferOf(bytes), nextTurn) : parsed;
    await pause?.();
    // If a name occurs twice, the object has only the later member. The library reports this if it gets the text.
    const isWhole = membersOf(json) === members;
    return this.#build(() =>
      isWhole ? fromJson(schema, json, this.#json) : fromJsonString(schema, text, this.#json),
    );
  }

  #build(build: () => Message): Message {
    try {
      return build();
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : "the request cannot be decoded";
      throw new GatewayError("validation", message, { cause });
    }
  }
}
