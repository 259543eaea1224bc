// The helper at a service that is newer than its stubs: kinds of events, parts and enum values that
// it does not know. A gRPC server writes them as that service would.
import {
  create,
  type DescMethod,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGrpcClient } from "../../../clients/typescript/grpc.ts";
import { generate, streamGenerate } from "../../../clients/typescript/steer.ts";
import { PartSchema, Role } from "../../../gen/es/steer/v1/content_pb.js";
import type { ErrorCategory } from "../../../gen/es/steer/v1/error_pb.js";
import type { FinishReason } from "../../../gen/es/steer/v1/generation_pb.js";
import {
  GenerateResponseSchema,
  GenerationService,
  ResumeStreamRequestSchema,
} from "../../../gen/es/steer/v1/generation_service_pb.js";
import { type StreamEvent, StreamEventSchema } from "../../../gen/es/steer/v1/stream_pb.js";
import { impatient } from "../../support/helper-clients.ts";

/** Values that no enum of today has. */
const NEW_REASON = 77 as FinishReason;
const NEW_CATEGORY = 99 as ErrorCategory;
const WRITER = 7;

/** A field that no message of today has: its length, then two bytes. */
function withNewField<Of extends Message>(message: Of): Of {
  const data = Uint8Array.of(2, 8, 1);
  message.$unknown = [{ no: 40, wireType: WireType.LengthDelimited, data }];
  return message;
}

type EventInit = NonNullable<MessageInitShape<typeof StreamEventSchema>["event"]>;

function numbered(sequence: number, event: EventInit): StreamEvent {
  return create(StreamEventSchema, { sequence, writer: WRITER, event });
}

const text = create(PartSchema, { data: { case: "text", value: { text: "ab" } } });
const generation = {
  outputText: "ab",
  finishReason: NEW_REASON,
  message: { role: Role.ASSISTANT, parts: [text, withNewField(create(PartSchema))] },
};
const start = numbered(1, { case: "start", value: { streamId: "s1", resumable: true } });
const unknown = withNewField(numbered(2, { case: undefined }));
const delta = numbered(3, { case: "textDelta", value: { text: "ab" } });
const complete = numbered(4, { case: "complete", value: { generation } });
const error = { category: NEW_CATEGORY, code: 9, reason: "NEW_REASON", message: "new" };
const failed = numbered(3, { case: "error", value: { error } });

/** What the next stream sends before its connection is lost, or its status. */
let events: readonly StreamEvent[] = [];
let isCut = false;
const resumed: unknown[] = [];
let server: grpc.Server;
let client: ReturnType<typeof createGrpcClient>;

function definition({ parent, name, methodKind }: DescMethod) {
  return {
    path: `/${parent.typeName}/${name}`,
    requestStream: false,
    responseStream: methodKind === "server_streaming",
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  };
}

type Stream = grpc.ServerWritableStream<Buffer, Buffer>;

function send(call: Stream, sent: readonly StreamEvent[]): void {
  for (const event of sent) call.write(Buffer.from(toBinary(StreamEventSchema, event)));
}

beforeAll(async () => {
  server = new grpc.Server();
  const { generate: unary, streamGenerate: stream, resumeStream } = GenerationService.method;
  server.addService(
    {
      generate: definition(unary),
      streamGenerate: definition(stream),
      resumeStream: definition(resumeStream),
    },
    {
      generate: (_call: unknown, reply: grpc.sendUnaryData<Buffer>) => {
        const response = create(GenerateResponseSchema, { generation });
        reply(null, Buffer.from(toBinary(GenerateResponseSchema, response)));
      },
      streamGenerate: (call: Stream) => {
        send(call, events);
        if (isCut) call.emit("error", { code: grpc.status.UNAVAILABLE, details: "lost" });
        else call.end();
      },
      resumeStream: (call: Stream) => {
        const { lastSequence, lastWriter } = fromBinary(ResumeStreamRequestSchema, call.request);
        resumed.push({ lastSequence, lastWriter });
        send(call, [delta, complete]);
        call.end();
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (failure, taken) => {
      if (failure === null) resolve(taken);
      else reject(failure);
    });
  });
  client = createGrpcClient({ address: `127.0.0.1:${port}` });
});

afterAll(() => {
  client.close();
  server.forceShutdown();
});

async function read(): Promise<StreamEvent[]> {
  const seen: StreamEvent[] = [];
  const stream = streamGenerate(client, { spec: { model: "new" } }, { runtime: impatient });
  for await (const event of stream) seen.push(event);
  return seen;
}

describe("the helper at a newer service", () => {
  it("hands on events of a kind that it does not know, and goes on after them", async () => {
    events = [start, unknown, delta, complete];
    isCut = false;
    const seen = await read();
    expect(seen.map(({ sequence, event }) => [sequence, event.case])).toEqual([
      [1, "start"],
      [2, undefined],
      [3, "textDelta"],
      [4, "complete"],
    ]);
    expect(seen.at(-1)?.event).toMatchObject({
      value: { generation: { finishReason: NEW_REASON, outputText: "ab" } },
    });
  });

  it("resumes behind an event that it does not know", async () => {
    events = [start, unknown];
    isCut = true;
    const seen = await read();
    expect(seen.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(resumed).toEqual([{ lastSequence: 2, lastWriter: WRITER }]);
  });

  it("throws an error whose category it does not know", async () => {
    events = [start, unknown, failed];
    isCut = false;
    await expect(read()).rejects.toMatchObject({
      name: "SteerError",
      code: 9,
      reason: "NEW_REASON",
      retryable: false,
      detail: { category: NEW_CATEGORY },
    });
  });

  it("takes an answer with a part and a finish reason that it does not know", async () => {
    const answer = await generate(client, { spec: { model: "new" } });
    expect(answer.generation).toMatchObject({ finishReason: NEW_REASON, outputText: "ab" });
    const parts = answer.generation?.message?.parts;
    expect(parts?.map(({ data }) => data.case)).toEqual(["text", undefined]);
  });
});
