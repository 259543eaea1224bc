import process from "node:process";
import tls from "node:tls";
import { type DescMethod, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import grpc from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/es/google/rpc/status_pb.js";
import {
  type GenerateResponse,
  GenerationService,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import {
  addressOf,
  type ConnectionOptions,
  clearKeyWarning,
  keyOf,
} from "./connection-settings.ts";
import { hostAndPort } from "./service-address.ts";
import type { CallOptions, GenerationClient } from "./steer.ts";
import { Code, errorOfStatus, SteerError } from "./steer-error.ts";

/** If a connection does not answer a ping, its calls are resumed over another. */
const CHANNEL_OPTIONS = {
  "grpc.keepalive_time_ms": 60_000,
  "grpc.keepalive_timeout_ms": 20_000,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 5_000,
} satisfies grpc.ChannelOptions;

export interface GrpcOptions extends ConnectionOptions {
  /** Replaces the credentials that the address implies. */
  readonly credentials?: grpc.ChannelCredentials;
  /**
   * A gRPC target instead of the address, such as `ipv4:10.0.0.1:50051,10.0.0.2:50051`. Clear text, unless
   * `credentials` are given, and without a warning about the key.
   */
  readonly target?: string;
  /** Overrides the helper's own options. */
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

/** A request that cannot be encoded fails here, because grpc-js would report it like a lost call. */
function encode<Method extends DescMethod>(
  method: Method,
  request: MessageShape<Method["input"]>,
): Buffer {
  try {
    return Buffer.from(toBinary(method.input, request));
  } catch (cause) {
    const message = `the request cannot be encoded: ${cause}`;
    throw new SteerError({ code: Code.INVALID_ARGUMENT, message, cause });
  }
}

const asIs = (bytes: Buffer): Buffer => bytes;

const decode =
  <Method extends DescMethod>(method: Method) =>
  (bytes: Buffer): MessageShape<Method["output"]> =>
    fromBinary<Method["output"]>(method.output, bytes);

const path = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;

/** Trusts the authorities of Node and of the machine. */
function secureCredentials(): grpc.ChannelCredentials {
  // The file of gRPC's own variable replaces all others. Older Nodes cannot list the machine's authorities.
  if (process.env["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] || tls.getCACertificates === undefined) {
    return grpc.credentials.createSsl();
  }
  const all = new Set([...tls.getCACertificates("default"), ...tls.getCACertificates("system")]);
  return grpc.credentials.createSsl(Buffer.from([...all].join("\n")));
}

/** Target and credentials of a channel. Warns of a key that is sent in clear text. */
function placeOf(options: GrpcOptions, hasKey: boolean) {
  const { target, credentials } = options;
  if (target !== undefined) {
    return { target, credentials: credentials ?? grpc.credentials.createInsecure() };
  }
  const address = addressOf(options, process.env);
  const place = hostAndPort(address);
  if (credentials !== undefined) return { target: place, credentials };
  const warning = hasKey ? clearKeyWarning(address) : undefined;
  if (warning !== undefined) process.emitWarning(warning, "SteerWarning");
  const made = address.isSecure ? secureCredentials() : grpc.credentials.createInsecure();
  return { target: place, credentials: made };
}

/**
 * A client over grpc-js. Throws `SteerError` ADDRESS_INVALID or KEY_INVALID. After `close` running calls continue,
 * and no call is made or repeated.
 */
export function createGrpcClient(options: GrpcOptions = {}): GenerationClient & { close(): void } {
  const { channelOptions } = options;
  const key = keyOf(options, process.env);
  const { target, credentials } = placeOf(options, key.isPossible);
  const client = new grpc.Client(target, credentials, { ...CHANNEL_OPTIONS, ...channelOptions });
  let isClosed = false;

  function metadata(): grpc.Metadata {
    const headers = new grpc.Metadata();
    const next = key.next();
    if (next !== "") headers.set("authorization", `Bearer ${next}`);
    return headers;
  }

  /** The error of a call. If the client is closed, it forbids a repetition. */
  function failure(thrown: unknown): unknown {
    const error = toSteerError(thrown);
    if (!isClosed) return error;
    const told =
      error instanceof SteerError && error.isFromGateway
        ? { ...error, message: error.message }
        : { code: Code.CANCELLED, message: "the client is closed" };
    return new SteerError({ ...told, cause: thrown, pushbackMs: -1 });
  }

  function timing({ timeoutMs }: Pick<CallOptions, "timeoutMs">): grpc.CallOptions {
    return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  }

  async function* stream<Method extends DescMethod>(
    method: Method,
    request: MessageShape<Method["input"]>,
    { signal, ...callOptions }: CallOptions,
  ): AsyncGenerator<StreamEvent, void> {
    let cancel = (): void => {};
    try {
      const call = client.makeServerStreamRequest(
        path(method),
        asIs,
        decode(method),
        encode(method, request),
        metadata(),
        timing(callOptions),
      );
      cancel = () => call.cancel();
      // A failure after the reader has left must not end the process.
      call.on("error", () => {});
      if (signal.aborted) cancel();
      signal.addEventListener("abort", cancel, { once: true });
      yield* call;
    } catch (error) {
      throw failure(error);
    } finally {
      signal.removeEventListener("abort", cancel);
      cancel();
    }
  }

  const { generate, streamGenerate, resumeStream } = GenerationService.method;
  return {
    generate: (request, { signal, ...callOptions }) =>
      new Promise<GenerateResponse>((resolve, reject) => {
        const cancel = (): void => call.cancel();
        const call = client.makeUnaryRequest(
          path(generate),
          asIs,
          decode(generate),
          encode(generate, request),
          metadata(),
          timing(callOptions),
          (error, response) => {
            signal.removeEventListener("abort", cancel);
            if (response === undefined) reject(error);
            else resolve(response);
          },
        );
        signal.addEventListener("abort", cancel, { once: true });
      }).catch((error: unknown) => {
        throw failure(error);
      }),
    streamGenerate: (request, callOptions) => stream(streamGenerate, request, callOptions),
    resumeStream: (request, callOptions) => stream(resumeStream, request, callOptions),
    close() {
      isClosed = true;
      client.close();
    },
  };
}
