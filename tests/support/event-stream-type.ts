// A wire with everything that JSON over server-sent events has not: a signature over the whole request,
// credentials that expire, and binary frames. It has the signature of Amazon Bedrock (AWS Signature
// Version 4) and its frames (`application/vnd.amazon.eventstream`), and is no adapter for Bedrock.
import { createHash, createHmac } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Clock } from "../../src/clock.ts";
import { isJsonObject } from "../../src/domain/json.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { type AnswerReader, parseEvent } from "../../src/providers/shared/answer-reader.ts";
import {
  type CredentialSource,
  createAuthentication,
  type SignRequest,
} from "../../src/providers/shared/authentication.ts";
import type { CreateFrameReader } from "../../src/providers/shared/frame-reader.ts";
import {
  type ErrorRules,
  protocolError,
  truncatedError,
} from "../../src/providers/shared/http-error.ts";
import { createHttpProvider, type Dialect } from "../../src/providers/shared/http-provider.ts";
import { createPartWriter } from "../../src/providers/shared/part-writer.ts";
import { testInstance } from "./provider-request.ts";

export interface SigningKey {
  readonly id: string;
  readonly secret: string;
}

/** A request as it is signed: on its way out, or as a server has got it. */
interface SignedParts {
  readonly path: string;
  readonly date: string;
  readonly contentType: string;
  readonly body: string;
}

const SCOPE = "us-east-1/bedrock/aws4_request";
const SIGNED_HEADERS = "content-type;x-amz-date";

/** The value of `authorization` for a request, by AWS Signature Version 4. */
export function signatureOf(parts: SignedParts, { id, secret }: SigningKey): string {
  const { path, date, contentType, body } = parts;
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  const canonical = `POST\n${path}\n\ncontent-type:${contentType}\nx-amz-date:${date}\n\n${SIGNED_HEADERS}\n${hash(body)}`;
  const day = date.slice(0, 8);
  const toSign = `AWS4-HMAC-SHA256\n${date}\n${day}/${SCOPE}\n${hash(canonical)}`;
  const key = [day, ...SCOPE.split("/")].reduce<Buffer>(
    (parent, part) => createHmac("sha256", parent).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  );
  const signature = createHmac("sha256", key).update(toSign).digest("hex");
  return `AWS4-HMAC-SHA256 Credential=${id}/${day}/${SCOPE}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`;
}

/** Signs in a later turn, as a library over WebCrypto does. */
function createSign(clock: Clock): SignRequest<SigningKey> {
  return async ({ headers, ...request }, key) => {
    await new Promise(setImmediate);
    const contentType = "application/json";
    const date = new Date(clock.wallTime()).toISOString().replace(/[-:]|\.\d+/g, "");
    const authorization = signatureOf({ ...request, date, contentType }, key);
    const own = { "content-type": contentType, "x-amz-date": date, authorization };
    return { ...request, headers: { ...headers, ...own } };
  };
}

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;

/** A frame of `application/vnd.amazon.eventstream` with one header, the type of its event. */
export function encodeFrame(type: string, payload: object): Buffer {
  const name = Buffer.from(":event-type");
  const value = Buffer.from(type);
  const headers = Buffer.concat([
    Buffer.from([name.length]),
    name,
    Buffer.from([7, value.length >> 8, value.length & 0xff]),
    value,
  ]);
  const body = Buffer.from(JSON.stringify(payload));
  const frame = Buffer.alloc(PRELUDE_BYTES + headers.length + body.length + CRC_BYTES);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(headers.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  headers.copy(frame, PRELUDE_BYTES);
  body.copy(frame, PRELUDE_BYTES + headers.length);
  const end = frame.length - CRC_BYTES;
  frame.writeUInt32BE(crc32(frame.subarray(0, end)), end);
  return frame;
}

const createFrameReader: CreateFrameReader = (onEvent) => {
  let held: Buffer = Buffer.alloc(0);
  return {
    push(bytes) {
      held = Buffer.concat([held, bytes]);
      while (held.length >= PRELUDE_BYTES) {
        const length = held.readUInt32BE(0);
        if (held.readUInt32BE(8) !== crc32(held.subarray(0, 8))) throw protocolError("bad frame");
        if (held.length < length) return;
        const body = PRELUDE_BYTES + held.readUInt32BE(4);
        const nameBytes = held.readUInt8(PRELUDE_BYTES);
        const name = held.toString("utf8", PRELUDE_BYTES + 1 + nameBytes + 3, body);
        const data = held.toString("utf8", body, length - CRC_BYTES);
        held = held.subarray(length);
        onEvent({ name, data });
      }
    },
    end() {},
  };
};

function createReader(): AnswerReader {
  const writer = createPartWriter();
  const part = writer.openText("text");
  let isWhole = false;
  return {
    events: writer.events,
    readEvent({ name, data }) {
      const event = parseEvent(data);
      const { delta } = event;
      if (name === "contentBlockDelta" && isJsonObject(delta)) part.append(String(delta.text));
      if (name !== "messageStop") return false;
      isWhole = true;
      part.end();
      writer.events.push({ type: "finish", reason: "stop", rawReason: String(event.stopReason) });
      return true;
    },
    isWhole: () => isWhole,
    readEnd() {
      throw truncatedError();
    },
    readBody() {
      throw protocolError("not a stream");
    },
  };
}

const errorRules: ErrorRules = {
  classify: ({ code }) =>
    code === "ExpiredTokenException" ? "provider-authentication" : undefined,
  requestIdHeader: "x-amzn-requestid",
  resetHeaders: [],
};

/** An adapter for such a wire at `baseUrl`. */
export function createEventStreamProvider(
  baseUrl: string,
  clock: Clock,
  source: CredentialSource<SigningKey>,
): Provider {
  const dialect: Dialect = {
    path: ({ model }) => `/model/${model.providerModel}/converse-stream`,
    errorRules,
    encodeBody: ({ spec }) => JSON.stringify({ messages: spec.messages }),
    createFrameReader,
    createReader,
  };
  return createHttpProvider({
    instance: testInstance({ baseUrl }),
    authentication: createAuthentication(source, createSign(clock)),
    dialectOf: () => dialect,
    clock,
  });
}
