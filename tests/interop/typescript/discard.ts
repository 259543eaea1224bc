// Streams whose output is voided: by the helper, by plain stubs, and by both together.
import { randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { streamGenerate } from "../../../clients/typescript/steer.ts";
import { SteerError } from "../../../clients/typescript/steer-error.ts";
import { ErrorInfoSchema } from "../../../gen/es/google/rpc/error_details_pb.js";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient, detailOf } from "../../support/grpc-client.ts";
import { connect, setting, specOf } from "./calls.ts";

const { streamGenerate: generating, resumeStream: resuming } = GenerationService.method;

const deltaOf = ({ event }: StreamEvent): string =>
  event.case === "textDelta" ? event.value.text : "";

function connectStub() {
  const metadata = { authorization: `Bearer ${setting("STEER_API_KEY")}` };
  return { stub: createGrpcClient(setting("STEER_ADDRESS")), options: { metadata } };
}

/** What a plain stub was given by one call, and how the call has ended. */
async function given(call: AsyncIterable<StreamEvent>) {
  let text = "";
  try {
    for await (const event of call) text += deltaOf(event);
    return { answer: { raw_text: text, raw_code: "OK", raw_reason: "" }, position: undefined };
  } catch (error) {
    const info = detailOf(error, ErrorInfoSchema);
    const code = status[(error as { code: number }).code];
    const at = info?.metadata ?? {};
    return {
      answer: { raw_text: text, raw_code: code, raw_reason: info?.reason },
      // Where a reader can go on whose output was voided.
      position:
        info?.reason === "OUTPUT_DISCARDED"
          ? {
              streamId: at["stream_id"] ?? "",
              lastSequence: Number(at["last_sequence"]),
              lastWriter: Number(at["last_writer"]),
            }
          : undefined,
    };
  }
}

export async function lostOwner() {
  const client = connect();
  let discards = 0;
  const onDiscard = () => void discards++;
  const text = await streamGenerate(client, { spec: specOf() }, { onDiscard }).text();
  client.close();
  return { text, discards };
}

/** A plain stub reads a stream of its own. */
export async function raw() {
  const { stub, options } = connectStub();
  const { answer } = await given(stub.stream(generating, { spec: specOf() }, options));
  stub.close();
  return answer;
}

/** A plain stub joins a stream of the helper, and goes on behind what was voided. */
export async function rawJoins() {
  const { stub, options } = connectStub();
  const client = connect();
  const request = { requestId: randomUUID(), spec: specOf() };
  const text = await streamGenerate(client, request).text();
  const { answer, position } = await given(stub.stream(generating, request, options));
  const rest =
    position === undefined ? undefined : await given(stub.stream(resuming, position, options));
  stub.close();
  client.close();
  return { ...answer, text, rest: rest?.answer.raw_text };
}

/** The helper joins a stream of a plain stub. */
export async function joinsRaw() {
  const { stub, options } = connectStub();
  const client = connect();
  const request = { requestId: randomUUID(), spec: specOf() };
  const call = stub.stream(generating, request, options);
  const reading = given(call);
  await call.headers; // The stream exists.
  let text = "";
  let reason = "";
  try {
    for await (const event of streamGenerate(client, request)) text += deltaOf(event);
  } catch (error) {
    if (!(error instanceof SteerError)) throw error;
    reason = error.reason;
  }
  const { answer } = await reading;
  stub.close();
  client.close();
  return { ...answer, text, reason };
}
