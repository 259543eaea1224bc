import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  GenerateRequestSchema,
  GenerationService,
  StreamGenerateRequestSchema,
} from "../../gen/service/steer/v1/generation_service_pb.ts";
import { envelope } from "./envelope.ts";

function messageOf<Schema extends DescMessage>(
  schema: Schema,
  request: MessageInitShape<Schema>,
): Buffer {
  return envelope(0, toBinary(schema, create(schema, request)));
}

/** Paths and bodies of generations as clients send them over gRPC, and over Connect as JSON. */
export function sampleRequests(spec: { readonly model: string; readonly prompt: string }) {
  const service = `/${GenerationService.typeName}`;
  const path = `${service}/Generate`;
  return {
    generate: { path, body: messageOf(GenerateRequestSchema, { spec }) },
    streamGenerate: {
      path: `${service}/StreamGenerate`,
      body: messageOf(StreamGenerateRequestSchema, { spec }),
    },
    generateAsJson: { path, body: JSON.stringify({ spec }) },
  };
}
