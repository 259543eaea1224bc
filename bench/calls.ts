// The calls of the bench over gRPC.
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { WatchActivityRequestSchema } from "../gen/es/steer/admin/v1/activity_service_pb.js";
import { ListStreamStatesRequestSchema } from "../gen/es/steer/admin/v1/admin_service_pb.js";
import type {
  GenerationSpecSchema,
  RoutingPolicySchema,
} from "../gen/es/steer/v1/generation_pb.js";
import {
  CountTokensRequestSchema,
  GenerateRequestSchema,
  ResumeStreamRequestSchema,
  StreamGenerateRequestSchema,
} from "../gen/es/steer/v1/generation_service_pb.js";
import {
  type StreamEvent,
  StreamEventSchema,
  type StreamOptionsSchema,
} from "../gen/es/steer/v1/stream_pb.js";
import type { Load } from "./load.ts";

const SERVICE = "/steer.v1.GenerationService";
export const PROMPT = "Say something about the sea.";

type Routing = MessageInitShape<typeof RoutingPolicySchema>;

type Spec = MessageInitShape<typeof GenerationSpecSchema>;

export function generateLoad(address: string, spec: Spec, key?: string): Load {
  const request = toBinary(GenerateRequestSchema, create(GenerateRequestSchema, { spec }));
  return { address, path: `${SERVICE}/Generate`, request, ...(key !== undefined && { key }) };
}

export function unaryLoad(address: string, model: string, key?: string): Load {
  return generateLoad(address, { model, prompt: PROMPT }, key);
}

export function streamLoad(
  address: string,
  model: string,
  options: MessageInitShape<typeof StreamOptionsSchema> = {},
  { prompt = PROMPT, ...routing }: Routing & { readonly prompt?: string } = {},
): Load {
  const spec = { model, prompt, routing };
  const message = create(StreamGenerateRequestSchema, { spec, options });
  const request = toBinary(StreamGenerateRequestSchema, message);
  return { address, path: `${SERVICE}/StreamGenerate`, request };
}

export function countLoad(address: string, model: string, prompt: string): Load {
  const message = create(CountTokensRequestSchema, { spec: { model, prompt } });
  const request = toBinary(CountTokensRequestSchema, message);
  return { address, path: `${SERVICE}/CountTokens`, request };
}

export function resumeLoad(address: string, streamId: string): Load {
  const message = create(ResumeStreamRequestSchema, { streamId });
  const request = toBinary(ResumeStreamRequestSchema, message);
  return { address, path: `${SERVICE}/ResumeStream`, request };
}

/** The newest of the streams. */
export function listLoad(address: string, pageSize: number): Load {
  const message = create(ListStreamStatesRequestSchema, { pageSize });
  const request = toBinary(ListStreamStatesRequestSchema, message);
  return { address, path: "/steer.admin.v1.AdminService/ListStreamStates", request };
}

/** Activity of the replica, as a console watches it. */
export function watchLoad(address: string): Load {
  const request = toBinary(WatchActivityRequestSchema, create(WatchActivityRequestSchema));
  return { address, path: "/steer.admin.v1.ActivityService/WatchActivity", request };
}

export function eventOf(message: Buffer): StreamEvent["event"] {
  return fromBinary(StreamEventSchema, message).event;
}

/** The identifier of the stream if the message is its `start` event; otherwise undefined. */
export function startOf(message: Buffer): string | undefined {
  const event = eventOf(message);
  return event.case === "start" ? event.value.streamId : undefined;
}
