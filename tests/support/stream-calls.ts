// Stream calls through the scripted upstream, and their results.
import { fromBinary } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import { ErrorInfoSchema } from "../../gen/es/google/rpc/error_details_pb.js";
import { StatusSchema } from "../../gen/es/google/rpc/status_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";

/** A request to an adapter of the stack that fails as scripted and is not repeated. */
export function spec(adapter: string, script: object) {
  return {
    model: `m-${adapter}`,
    prompt: "Hi",
    retry: { maxAttempts: 1 },
    providerOptions: { [adapter]: { simulator: script as never } },
  };
}

/** All events except heartbeats, and the error at their end. */
export async function collect(
  call: AsyncIterable<StreamEvent>,
): Promise<{ readonly events: StreamEvent[]; readonly error: unknown }> {
  const events: StreamEvent[] = [];
  try {
    for await (const event of call) if (event.event.case !== "heartbeat") events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

export function streamIdOf([start]: readonly StreamEvent[]): string {
  if (start?.event.case !== "start") throw new Error("no start");
  return start.event.value.streamId;
}

/** The text of the whole message at the end of a stream. */
export function messageOf(events: readonly StreamEvent[]): string {
  const last = events.at(-1)?.event;
  return last?.case === "complete" ? (last.value.generation?.outputText ?? "") : "";
}

/** A complete status, as a grpc-js client gets it. */
export function statusOf(error: unknown) {
  const { code, details, metadata } = error as grpc.ServiceError;
  const [bytes] = metadata.get("grpc-status-details-bin");
  const status = fromBinary(StatusSchema, bytes instanceof Buffer ? bytes : Buffer.alloc(0));
  return { code, details, status, pushback: metadata.get("grpc-retry-pushback-ms") };
}

/** Code, reason and metadata of an error, as a grpc-js client gets them. */
export function refusalOf(error: unknown) {
  const { code, status, details } = statusOf(error);
  const info = status.details.find(({ typeUrl }) => typeUrl.endsWith(ErrorInfoSchema.typeName));
  const { reason, metadata } = fromBinary(ErrorInfoSchema, info?.value ?? new Uint8Array());
  return { code: grpc.status[code], reason, metadata, message: details };
}
