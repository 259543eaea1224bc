import { type DescMethod, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import grpc from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/es/google/rpc/status_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import type { CallOptions, GenerationClient } from "./steer.ts";
import { errorOfStatus } from "./steer-error.ts";

const SERVICE = GenerationService.typeName;

/** Safe for all four: the helper always fills `request_id`, and the service's pushback decides. */
const SERVICE_CONFIG = {
  methodConfig: [
    {
      name: [
        { service: SERVICE, method: "Generate" },
        { service: SERVICE, method: "StreamGenerate" },
      ],
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: "0.2s",
        maxBackoff: "2s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
    {
      name: [
        { service: SERVICE, method: "ResumeStream" },
        { service: SERVICE, method: "CountTokens" },
        { service: "steer.v1.ModelService" },
      ],
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: "0.1s",
        maxBackoff: "2s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
  retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
};

/** A connection that does not answer a ping is dead, and its calls are resumed over another. */
const CHANNEL_OPTIONS = {
  "grpc.service_config": JSON.stringify(SERVICE_CONFIG),
  "grpc.keepalive_time_ms": 60_000,
  "grpc.keepalive_timeout_ms": 20_000,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 5_000,
} satisfies grpc.ChannelOptions;

export interface GrpcOptions {
  /** `host:port` or a target of gRPC; `https://host:port` is encrypted. */
  readonly address: string;
  readonly credentials?: grpc.ChannelCredentials;
  /** Key of the caller; a function is asked before each call. */
  readonly token?: string | (() => string);
  /** Over the helper's own. */
  readonly channelOptions?: grpc.ChannelOptions;
}

function toSteerError(error: unknown): unknown {
  if (!(error instanceof Error && "code" in error && "metadata" in error)) return error;
  const { code, details, metadata } = error as grpc.ServiceError;
  const [bytes] = metadata.get("grpc-status-details-bin");
  const packed = bytes instanceof Buffer ? fromBinary(StatusSchema, bytes).details : [];
  return errorOfStatus({
    code,
    message: details,
    find(schema) {
      const any = packed.find(({ typeUrl }) => typeUrl.endsWith(`/${schema.typeName}`));
      return any === undefined ? undefined : anyUnpack(any, schema);
    },
    pushback: metadata.get("grpc-retry-pushback-ms")[0]?.toString(),
    cause: error,
  });
}

const encode =
  <Method extends DescMethod>(method: Method) =>
  (message: MessageShape<Method["input"]>) =>
    Buffer.from(toBinary(method.input, message));

const decode =
  <Method extends DescMethod>(method: Method) =>
  (bytes: Buffer): MessageShape<Method["output"]> =>
    fromBinary<Method["output"]>(method.output, bytes);

const path = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;

/** Over grpc-js, which by itself repeats what was refused before anything was executed. */
export function createGrpcClient(options: GrpcOptions): GenerationClient & { close(): void } {
  const { token } = options;
  const secure = options.address.startsWith("https://");
  const client = new grpc.Client(
    options.address.replace(/^https?:\/\//, ""),
    options.credentials ??
      (secure ? grpc.credentials.createSsl() : grpc.credentials.createInsecure()),
    { ...CHANNEL_OPTIONS, ...options.channelOptions },
  );

  function metadata(): grpc.Metadata {
    const headers = new grpc.Metadata();
    const key = typeof token === "function" ? token() : token;
    if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
    return headers;
  }

  function timing({ timeoutMs }: CallOptions): grpc.CallOptions {
    return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  }

  async function* stream<Method extends DescMethod>(
    method: Method,
    request: MessageShape<Method["input"]>,
    callOptions: CallOptions,
  ): AsyncGenerator<StreamEvent, void> {
    const call = client.makeServerStreamRequest(
      path(method),
      encode(method),
      decode(method),
      request,
      metadata(),
      timing(callOptions),
    );
    const cancel = (): void => call.cancel();
    // A failure that nobody waits for any more must not end the process.
    call.on("error", () => {});
    if (callOptions.signal.aborted) cancel();
    callOptions.signal.addEventListener("abort", cancel, { once: true });
    try {
      yield* call;
    } catch (error) {
      throw toSteerError(error);
    } finally {
      callOptions.signal.removeEventListener("abort", cancel);
      cancel();
    }
  }

  const { generate, streamGenerate, resumeStream } = GenerationService.method;
  return {
    honoursPushback: true,
    generate: (request, callOptions) =>
      new Promise((resolve, reject) => {
        const { signal } = callOptions;
        const cancel = (): void => call.cancel();
        const call = client.makeUnaryRequest(
          path(generate),
          encode(generate),
          decode(generate),
          request,
          metadata(),
          timing(callOptions),
          (error, response) => {
            signal.removeEventListener("abort", cancel);
            if (response === undefined) reject(toSteerError(error));
            else resolve(response);
          },
        );
        signal.addEventListener("abort", cancel, { once: true });
      }),
    streamGenerate: (request, callOptions) => stream(streamGenerate, request, callOptions),
    resumeStream: (request, callOptions) => stream(resumeStream, request, callOptions),
    close: () => client.close(),
  };
}
