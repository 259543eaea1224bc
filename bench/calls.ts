// The calls of the bench, and their cost for the process that serves them.
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ListStreamStatesRequestSchema } from "../gen/es/steer/admin/v1/admin_service_pb.js";
import type { RoutingPolicySchema } from "../gen/es/steer/v1/generation_pb.js";
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
import { type Channel, type Load, openChannel, run } from "./load.ts";
import { cpuPer, median } from "./measure.ts";
import type { Served } from "./processes.ts";

const UNARY_CALLS = 10_000;
const UNARY_WIDTH = 32;
const STREAMS = 500;
const STREAM_WIDTH = 16;
const FIRST_TOKENS = 100;

const SERVICE = "/steer.v1.GenerationService";
const PROMPT = "Say something about the sea.";

type Routing = MessageInitShape<typeof RoutingPolicySchema>;

export function unaryLoad(address: string, model: string, key?: string): Load {
  const message = create(GenerateRequestSchema, { spec: { model, prompt: PROMPT } });
  const request = toBinary(GenerateRequestSchema, message);
  return { address, path: `${SERVICE}/Generate`, request, ...(key !== undefined && { key }) };
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

export function eventOf(message: Buffer): StreamEvent["event"] {
  return fromBinary(StreamEventSchema, message).event;
}

/** The identifier of the stream if the message is its `start` event; otherwise undefined. */
export function startOf(message: Buffer): string | undefined {
  const event = eventOf(message);
  return event.case === "start" ? event.value.streamId : undefined;
}

async function withChannel<T>(load: Load, use: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = openChannel(load);
  try {
    return await use(channel);
  } finally {
    channel.close();
  }
}

/** CPU microseconds of a call. */
export function unaryCost(
  { server, address }: Served,
  model: string,
  key?: string,
): Promise<number> {
  return withChannel(unaryLoad(address, model, key), (channel) =>
    cpuPer(server, async () => {
      await run(UNARY_CALLS, UNARY_WIDTH, channel.unary);
      return UNARY_CALLS;
    }),
  );
}

/** CPU microseconds of a streamed event. */
export function streamCost({ server }: Served, load: Load): Promise<number> {
  return withChannel(load, (channel) =>
    cpuPer(server, async () => {
      let messages = 0;
      await run(STREAMS, STREAM_WIDTH, async () => {
        // A variable, because concurrent streams add to `messages` during the wait.
        const more = await channel.stream();
        messages += more;
      });
      return messages;
    }),
  );
}

/** Median of the milliseconds to the first delta, one stream at a time. */
export function firstTokenMs(load: Load): Promise<number> {
  return withChannel(load, async (channel) => {
    const times: number[] = [];
    await run(FIRST_TOKENS, 1, async () => {
      const startedAt = performance.now();
      let firstMs: number | undefined;
      await channel.stream((message) => {
        if (firstMs !== undefined || eventOf(message).case !== "textDelta") return;
        firstMs = performance.now() - startedAt;
      });
      times.push(firstMs ?? Number.NaN);
    });
    return median(times);
  });
}
