// What the runner's environment asks for, over the helper.
import { readFileSync } from "node:fs";
import type { JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import { createGrpcClient } from "../../../clients/typescript/grpc.ts";
import { generate, streamGenerate } from "../../../clients/typescript/steer.ts";
import type { GenerationSpecSchema } from "../../../gen/es/steer/v1/generation_pb.js";
import type { GenerateResponse } from "../../../gen/es/steer/v1/generation_service_pb.js";

export type Spec = MessageInitShape<typeof GenerationSpecSchema>;

export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

export function specOf(): Spec {
  const limit = process.env["STEER_MAX_OUTPUT_TOKENS"];
  const script = process.env["STEER_PROVIDER_OPTIONS"];
  return {
    model: setting("STEER_MODEL"),
    prompt: setting("STEER_PROMPT"),
    ...(limit !== undefined && { sampling: { maxOutputTokens: Number(limit) } }),
    ...(script !== undefined && {
      providerOptions: { simulator: JSON.parse(script) as JsonObject },
    }),
  };
}

export function credentials(): grpc.ChannelCredentials {
  const authority = process.env["STEER_CA_FILE"];
  return authority === undefined
    ? grpc.credentials.createInsecure()
    : grpc.credentials.createSsl(readFileSync(authority));
}

export function connect(channelOptions: grpc.ChannelOptions = {}) {
  const isOwn = process.env["STEER_CA_FILE"] !== undefined;
  return createGrpcClient({ channelOptions, ...(isOwn && { credentials: credentials() }) });
}

export function textOf({ generation }: GenerateResponse): string {
  const parts = generation?.message?.parts ?? [];
  return parts.map(({ data }) => (data.case === "text" ? data.value.text : "")).join("");
}

/** One unary call over a channel of its own. */
export async function generateOnce(timeoutMs?: number, channelOptions: grpc.ChannelOptions = {}) {
  const client = connect(channelOptions);
  try {
    const request = { spec: specOf() };
    return await generate(client, request, timeoutMs === undefined ? {} : { timeoutMs });
  } finally {
    client.close();
  }
}

/** Reads one stream to its end; what the consumer would want to know of it. */
export async function readStream() {
  const client = connect();
  const seen = { text: "", events: 0, lastSequence: 0, outputTokens: 0, reconnects: 0 };
  const events = streamGenerate(
    client,
    { spec: specOf(), options: { includeUsage: true } },
    { onReconnect: () => void seen.reconnects++ },
  );
  for await (const { sequence, event } of events) {
    seen.events++;
    seen.lastSequence = sequence;
    if (event.case === "textDelta") seen.text += event.value.text;
    if (event.case === "usage") seen.outputTokens = event.value.usage?.outputTokens ?? 0;
  }
  client.close();
  return seen;
}
