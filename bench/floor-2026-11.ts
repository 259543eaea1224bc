// The floor as it was on 2026-11-29: grpc-js, undici, and the general encoder and decoder for every message. It is kept
// unchanged, because the targets name ratios to it. `node bench/floor-2026-11.ts UPSTREAM TEMPLATE`: TEMPLATE is a file
// with an encoded GenerateResponse, or "" if no unary calls are made.
import { readFileSync } from "node:fs";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createParser } from "eventsource-parser";
import { Agent, request } from "undici";
import {
  GenerateRequestSchema,
  type GenerateResponse,
  GenerateResponseSchema,
  StreamGenerateRequestSchema,
} from "../gen/es/steer/v1/generation_service_pb.js";
import { StreamEventSchema } from "../gen/es/steer/v1/stream_pb.js";
import { type FloorStream, serveFloor } from "./serve-floor.ts";

const [, , upstream = "", template = ""] = process.argv;
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

async function unary(bytes: Buffer): Promise<Uint8Array> {
  const { spec } = fromBinary(GenerateRequestSchema, bytes);
  const response = await callUpstream(spec?.model ?? "", spec?.prompt ?? "", false);
  const body = (await response.body.json()) as {
    choices: { message: { content: string } }[];
  };
  const message = responseOf(body.choices[0]?.message.content ?? "");
  return Buffer.from(toBinary(GenerateResponseSchema, message));
}

async function stream(call: FloorStream): Promise<void> {
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
      const event = { case: "textDelta", value: { partIndex: 0, text } } as const;
      const message = create(StreamEventSchema, { sequence, attemptIndex: 1, event });
      call.write(Buffer.from(toBinary(StreamEventSchema, message)));
    },
  });
  const decoder = new TextDecoder();
  for await (const bytes of response.body) parser.feed(decoder.decode(bytes, { stream: true }));
  call.end();
}

serveFloor({ unary, stream, streamed: "StreamGenerate" });
