import {
  create,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/service/google/rpc/status_pb.ts";
import { type GatewayError, GatewayErrorSchema } from "../../gen/service/steer/v1/error_pb.ts";
import { systemClock } from "../clock.ts";

/** A call that did not end with OK. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  /** As in google.rpc.Code. */
  readonly code: number;
  /** The gateway's own error; undefined where the status comes from elsewhere. */
  readonly error: GatewayError | undefined;

  constructor(code: number, message: string, error: GatewayError | undefined, cause: unknown) {
    super(message, { cause });
    this.code = code;
    this.error = error;
  }
}

/** PEM texts of a connection with TLS; what is unset is as the system has it. */
export interface ClientTls {
  /** Authorities that are trusted in place of the system's. */
  readonly ca?: Buffer;
  readonly identity?: { readonly cert: Buffer; readonly key: Buffer };
}

export interface ClientOptions {
  /** `host:port`; with `https://` in front the connection is encrypted. */
  readonly address: string;
  readonly apiKey: string | undefined;
  readonly tls: ClientTls;
}

export interface CallOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal;
}

/** Calls any method of the contract through its generated descriptor. */
export interface Client {
  unary<Method extends DescMethod>(
    method: Method,
    request: MessageInitShape<Method["input"]>,
    options?: CallOptions,
  ): Promise<MessageShape<Method["output"]>>;
  stream<Method extends DescMethod>(
    method: Method,
    request: MessageInitShape<Method["input"]>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<Method["output"]>>;
  close(): void;
}

function isServiceError(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && "code" in error && "metadata" in error;
}

function gatewayError(metadata: grpc.Metadata): GatewayError | undefined {
  const [bytes] = metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Buffer)) return undefined;
  const packed = fromBinary(StatusSchema, bytes).details.find(({ typeUrl }) =>
    typeUrl.endsWith(`/${GatewayErrorSchema.typeName}`),
  );
  return packed === undefined ? undefined : fromBinary(GatewayErrorSchema, packed.value);
}

function toCallFailed(error: unknown): unknown {
  if (!isServiceError(error)) return error;
  return new CallFailed(error.code, error.details, gatewayError(error.metadata), error);
}

export function createClient({ address, apiKey, tls }: ClientOptions): Client {
  const secure = address.startsWith("https://");
  const { ca = null, identity } = tls;
  const client = new grpc.Client(
    address.replace(/^https?:\/\//, ""),
    secure
      ? grpc.credentials.createSsl(ca, identity?.key ?? null, identity?.cert ?? null)
      : grpc.credentials.createInsecure(),
    { "grpc.keepalive_time_ms": 30_000 },
  );
  const metadata = new grpc.Metadata();
  if (apiKey !== undefined) metadata.set("authorization", `Bearer ${apiKey}`);

  const path = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;
  const encode = (method: DescMethod) => (message: MessageShape<DescMethod["input"]>) =>
    Buffer.from(toBinary(method.input, message));
  const timing = ({ timeoutMs }: CallOptions): grpc.CallOptions =>
    timeoutMs === undefined ? {} : { deadline: new Date(systemClock.wallTime() + timeoutMs) };

  return {
    unary: (method, request, options = {}) =>
      new Promise((resolve, reject) => {
        const call = client.makeUnaryRequest(
          path(method),
          encode(method),
          (bytes: Buffer) => fromBinary<(typeof method)["output"]>(method.output, bytes),
          create(method.input, request),
          metadata,
          timing(options),
          (error, value) => {
            if (value === undefined) reject(toCallFailed(error));
            else resolve(value);
          },
        );
        options.signal?.addEventListener("abort", () => call.cancel(), { once: true });
      }),
    async *stream(method, request, options = {}) {
      const call = client.makeServerStreamRequest(
        path(method),
        encode(method),
        (bytes: Buffer) => fromBinary<(typeof method)["output"]>(method.output, bytes),
        create(method.input, request),
        metadata,
        timing(options),
      );
      options.signal?.addEventListener("abort", () => call.cancel(), { once: true });
      try {
        yield* call;
      } catch (error) {
        throw toCallFailed(error);
      } finally {
        call.cancel();
      }
    },
    close: () => client.close(),
  };
}
