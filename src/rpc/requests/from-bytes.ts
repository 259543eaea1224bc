import { type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import {
  readGenerateRequest,
  readResumeStreamRequest,
  readStreamGenerateRequest,
} from "../../../gen/service/message-readers.ts";
import {
  GenerateRequestSchema,
  ResumeStreamRequestSchema,
  StreamGenerateRequestSchema,
} from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { MAX_DEPTH } from "./scan-wire.ts";
import { WireReader } from "./wire-reader.ts";

type Read = (reader: WireReader, end: number) => Message;

/** Requests with a generated reader: `REQUESTS` of tools/message-codecs.mjs. */
const READERS: ReadonlyMap<DescMessage, Read> = new Map<DescMessage, Read>([
  [GenerateRequestSchema, readGenerateRequest],
  [StreamGenerateRequestSchema, readStreamGenerateRequest],
  [ResumeStreamRequestSchema, readResumeStreamRequest],
]);

/**
 * Decodes a message that `scanWire` has admitted, with the result and the errors of the library's `fromBinary`. Usual
 * requests of the hot methods take a third of its time. A request is unusual if it has unknown fields, for example.
 */
export function fromBytes(schema: DescMessage, bytes: Uint8Array): Message {
  const read = READERS.get(schema);
  if (read !== undefined) {
    try {
      return read(new WireReader(bytes), bytes.byteLength);
    } catch {
      // The library decides, and has the error.
    }
  }
  return fromBinary(schema, bytes, { recursionLimit: MAX_DEPTH });
}
