import { type DescMessage, type Message, type MessageShape, toBinary } from "@bufbuild/protobuf";
import {
  writeGenerateRequest,
  writeGenerateResponse,
  writeListStreamStatesResponse,
  writeStreamEvent,
  writeStreamGenerateRequest,
} from "../../gen/service/message-writers.ts";
import { ListStreamStatesResponseSchema } from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import {
  GenerateRequestSchema,
  GenerateResponseSchema,
  StreamGenerateRequestSchema,
} from "../../gen/service/steer/v1/generation_service_pb.ts";
import { StreamEventSchema } from "../../gen/service/steer/v1/stream_pb.ts";
import { WireWriter } from "./wire-writer.ts";

type Write = (writer: WireWriter, message: Message) => void;

/** Messages with a generated writer: `ENCODED` of tools/message-codecs.mjs. */
const WRITERS: ReadonlyMap<DescMessage, Write> = new Map<DescMessage, Write>([
  [GenerateResponseSchema, writeGenerateResponse as Write],
  [StreamEventSchema, writeStreamEvent as Write],
  [GenerateRequestSchema, writeGenerateRequest as Write],
  [StreamGenerateRequestSchema, writeStreamGenerateRequest as Write],
  [ListStreamStatesResponseSchema, writeListStreamStatesResponse as Write],
]);

const writer = new WireWriter();

/**
 * Encodes a message, with the bytes and the errors of the library's `toBinary`. Messages with a writer take a third of
 * its time.
 */
export function toBytes<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
): Uint8Array {
  const write = WRITERS.get(schema);
  if (write === undefined) return toBinary(schema, message);
  try {
    return writer.encode(write, message);
  } catch {
    // The library decides, and its error names the field.
    return toBinary(schema, message);
  }
}
