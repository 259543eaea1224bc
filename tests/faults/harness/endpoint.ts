// One way to one replica: gRPC by grpc-js, or the Connect protocol over HTTP/1.1.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { type GatewayError, GatewayErrorSchema } from "../../../gen/es/steer/v1/error_pb.js";
import {
  type GenerateRequestSchema,
  type GenerateResponse,
  GenerationService,
  type StreamGenerateRequestSchema,
} from "../../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient, gatewayErrorOf } from "../../support/grpc-client.ts";

export interface StreamCursor {
  readonly streamId: string;
  readonly lastSequence: number;
  readonly lastWriter: number;
}

/** Why a call has ended; `detail` where the service itself said so. */
export class CallFailure extends Error {
  readonly code: number;
  readonly detail: GatewayError | undefined;

  constructor(code: number, detail: GatewayError | undefined, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.code = code;
    this.detail = detail;
  }
}

export type StreamRequest = MessageInitShape<typeof StreamGenerateRequestSchema>;
export type UnaryRequest = MessageInitShape<typeof GenerateRequestSchema>;

/** All calls reject with `CallFailure`. */
export interface Endpoint {
  open(request: StreamRequest, signal: AbortSignal): AsyncIterable<StreamEvent>;
  resume(cursor: StreamCursor, signal: AbortSignal): AsyncIterable<StreamEvent>;
  generate(request: UnaryRequest): Promise<GenerateResponse>;
  /** By its `request_id`. */
  cancel(requestId: string): Promise<boolean>;
  close(): void;
}

const { generate, streamGenerate, resumeStream, cancelGeneration } = GenerationService.method;

function grpcFailure(error: unknown): CallFailure {
  const isStatus = error instanceof Error && "metadata" in error && "code" in error;
  return new CallFailure(
    isStatus ? Number(error.code) : 2,
    isStatus ? gatewayErrorOf(error) : undefined,
    error,
  );
}

function connectFailure(error: unknown): CallFailure {
  const known = ConnectError.from(error);
  return new CallFailure(known.code, known.findDetails(GatewayErrorSchema)[0], error);
}

async function* eventsOf(
  calls: AsyncIterable<StreamEvent>,
  failureOf: (error: unknown) => CallFailure,
): AsyncGenerator<StreamEvent, void> {
  try {
    yield* calls;
  } catch (error) {
    throw failureOf(error);
  }
}

export function grpcEndpoint(address: string): Endpoint {
  const client = createGrpcClient(address, undefined, {
    "grpc.initial_reconnect_backoff_ms": 50,
    "grpc.min_reconnect_backoff_ms": 50,
    "grpc.max_reconnect_backoff_ms": 200,
  });
  const failed = (error: unknown): never => {
    throw grpcFailure(error);
  };
  async function* stream(call: ReturnType<typeof open>, signal: AbortSignal) {
    const cancel = (): void => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    yield* eventsOf(call as AsyncIterable<StreamEvent>, grpcFailure);
  }
  const open = (request: StreamRequest) => client.stream(streamGenerate, request);
  return {
    open: (request, signal) => stream(open(request), signal),
    resume: (cursor, signal) => stream(client.stream(resumeStream, cursor), signal),
    generate: (request) => client.unary(generate, request).catch(failed),
    async cancel(requestId) {
      const target = { case: "requestId", value: requestId } as const;
      const { cancelled } = await client.unary(cancelGeneration, { target }).catch(failed);
      return cancelled;
    },
    close: () => client.close(),
  };
}

export function connectEndpoint(address: string): Endpoint {
  const transport = createConnectTransport({
    baseUrl: `http://${address}`,
    httpVersion: "1.1",
    nodeOptions: { agent: undefined },
  });
  const client = createClient(GenerationService, transport);
  const failed = (error: unknown): never => {
    throw connectFailure(error);
  };
  return {
    open: (request, signal) => eventsOf(client.streamGenerate(request, { signal }), connectFailure),
    resume: (cursor, signal) => eventsOf(client.resumeStream(cursor, { signal }), connectFailure),
    generate: (request) => client.generate(request).catch(failed),
    async cancel(requestId) {
      const target = { case: "requestId", value: requestId } as const;
      const { cancelled } = await client.cancelGeneration({ target }).catch(failed);
      return cancelled;
    },
    close: () => {},
  };
}
