// The floors: processes that do the least possible for the same bytes on the wire. `node bench/floor.ts MODE
// [UPSTREAM [TEMPLATE]]`: MODE is echo, unary, stream or replay, TEMPLATE a file with an encoded GenerateResponse.
import { readFileSync } from "node:fs";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import { createParser } from "eventsource-parser";
import { Agent, request } from "undici";
import {
  type GenerateRequest,
  GenerateRequestSchema,
  type GenerateResponse,
  GenerateResponseSchema,
  StreamGenerateRequestSchema,
} from "../gen/es/steer/v1/generation_service_pb.js";
import { type StreamEvent, StreamEventSchema } from "../gen/es/steer/v1/stream_pb.js";

const [, , mode = "echo", upstream = "", template = ""] = process.argv;
const REPLAYED = 2_000;
const agent = new Agent({ connections: 4096, pipelining: 1 });

// An answer of the gateway, so that both encode the same message.
const answer =
  template === ""
    ? create(GenerateResponseSchema)
    : fromBinary(GenerateResponseSchema, readFileSync(template));

function responseOf(text: string): GenerateResponse {
  const { generation } = answer;
  return generation === undefined
    ? answer
    : { ...answer, generation: { ...generation, outputText: text } };
}

async function callUpstream(model: string, body: string, stream: boolean) {
  return request(`${upstream}/v1/chat/completions`, {
    dispatcher: agent,
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer none" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: body }], stream }),
  });
}

async function generate(message: GenerateRequest): Promise<GenerateResponse> {
  const prompt = message.spec?.prompt ?? "";
  if (mode === "echo") return responseOf(answer.generation?.outputText ?? "");
  const response = await callUpstream("bench", prompt, false);
  const body = (await response.body.json()) as {
    choices: { message: { content: string } }[];
  };
  return responseOf(body.choices[0]?.message.content ?? "");
}

async function stream(call: grpc.ServerWritableStream<Buffer, StreamEvent>): Promise<void> {
  const { spec } = fromBinary(StreamGenerateRequestSchema, call.request);
  const response = await callUpstream(spec?.model ?? "", spec?.prompt ?? "", true);
  let sequence = 0;
  const parser = createParser({
    onEvent({ data }) {
      if (data === "[DONE]") return;
      const chunk = JSON.parse(data) as { choices: { delta: { content?: string } }[] };
      const text = chunk.choices[0]?.delta.content;
      if (!text) return;
      sequence++;
      call.write(
        create(StreamEventSchema, {
          sequence,
          attemptIndex: 1,
          event: { case: "textDelta", value: { partIndex: 0, text } },
        }),
      );
    },
  });
  const decoder = new TextDecoder();
  for await (const bytes of response.body) parser.feed(decoder.decode(bytes, { stream: true }));
  call.end();
}

/** As many events as a reader of a long stream resumes, without a store. */
async function replay(call: grpc.ServerWritableStream<Buffer, StreamEvent>): Promise<void> {
  const value = { partIndex: 0, text: "word " };
  for (let sequence = 1; sequence <= REPLAYED; sequence++) {
    const event = { case: "textDelta", value } as const;
    const isTaken = call.write(create(StreamEventSchema, { sequence, attemptIndex: 1, event }));
    if (!isTaken) await new Promise((resolve) => call.once("drain", resolve));
  }
  call.end();
}

const server = new grpc.Server();
server.addService(
  {
    generate: {
      path: "/steer.v1.GenerationService/Generate",
      requestStream: false,
      responseStream: false,
      requestDeserialize: (bytes: Buffer) => fromBinary(GenerateRequestSchema, bytes),
      requestSerialize: (value: Buffer) => value,
      responseSerialize: (value: GenerateResponse) =>
        Buffer.from(toBinary(GenerateResponseSchema, value)),
      responseDeserialize: (bytes: Buffer) => bytes,
    },
    streamGenerate: {
      path: `/steer.v1.GenerationService/${mode === "replay" ? "ResumeStream" : "StreamGenerate"}`,
      requestStream: false,
      responseStream: true,
      requestDeserialize: (bytes: Buffer) => bytes,
      requestSerialize: (value: Buffer) => value,
      responseSerialize: (value: StreamEvent) => Buffer.from(toBinary(StreamEventSchema, value)),
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  },
  {
    generate: (
      call: grpc.ServerUnaryCall<GenerateRequest, GenerateResponse>,
      done: grpc.sendUnaryData<GenerateResponse>,
    ) => {
      generate(call.request).then(
        (value) => done(null, value),
        () => done({ code: grpc.status.INTERNAL }),
      );
    },
    streamGenerate: (call: grpc.ServerWritableStream<Buffer, StreamEvent>) => {
      (mode === "replay" ? replay : stream)(call).catch(() => call.destroy());
    },
  },
);
server.bindAsync(`127.0.0.1:0`, grpc.ServerCredentials.createInsecure(), (error, bound) => {
  if (error) throw error;
  process.stdout.write(`${JSON.stringify({ grpc: `127.0.0.1:${bound}` })}\n`);
});
