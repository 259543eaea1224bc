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
import { trustedAuthorities } from "./authorities.ts";
import { hostAndPort, isLoopback, parseServiceAddress } from "./service-address.ts";
import { UsageError } from "./usage-error.ts";

/** A call that did not end with OK. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  /** As in google.rpc.Code. */
  readonly code: number;
  /** The gateway's own error; undefined if the status comes from a library or a proxy. */
  readonly error: GatewayError | undefined;

  constructor(code: number, message: string, error: GatewayError | undefined, cause: unknown) {
    super(message, { cause });
    this.code = code;
    this.error = error;
  }
}

/** PEM texts of a connection with TLS. */
export interface ClientTls {
  /** Trusted authorities, instead of those of `trustedAuthorities`. */
  readonly ca?: Buffer;
  readonly identity?: { readonly cert: Buffer; readonly key: Buffer };
}

export interface ClientOptions {
  /** In a form that `parseServiceAddress` accepts. */
  readonly address: string;
  readonly apiKey: string | undefined;
  readonly tls: ClientTls;
  /** Called with warnings about the connection for the user. */
  readonly warn: (message: string) => void;
}

export interface CallOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal;
}

/** Calls any method of the contract by its generated descriptor. */
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

/** Headers accept only these characters, and the service reads a key up to its first space. */
const KEY = /^[\x21-\x7e]+$/;

interface Connection {
  readonly client: grpc.Client;
  readonly metadata: grpc.Metadata;
}

/** Throws `UsageError`. */
function connect({ address, apiKey, tls, warn }: ClientOptions): Connection {
  const service = parseServiceAddress(address);
  const { isSecure, hasScheme } = service;
  const place = hostAndPort(service);
  if (apiKey !== undefined && !KEY.test(apiKey)) {
    throw new UsageError("STEER_API_KEY: a key is one line of ASCII without spaces");
  }
  if (apiKey !== undefined && !isSecure && !hasScheme && !isLoopback(service)) {
    warn(
      `the key goes to ${place} in the clear: write https://${place}, or http://${place} if that is meant`,
    );
  }
  const { ca, identity } = tls;
  const credentials = isSecure
    ? grpc.credentials.createSsl(
        ca ?? trustedAuthorities(),
        identity?.key ?? null,
        identity?.cert ?? null,
      )
    : grpc.credentials.createInsecure();
  const metadata = new grpc.Metadata();
  if (apiKey !== undefined) metadata.set("authorization", `Bearer ${apiKey}`);
  const client = new grpc.Client(place, credentials, { "grpc.keepalive_time_ms": 30_000 });
  return { client, metadata };
}

/**
 * Connects at the first call, which throws `UsageError` if address or key are wrong. Commands without calls need
 * neither.
 */
export function createClient(options: ClientOptions): Client {
  let made: Connection | undefined;
  const connection = (): Connection => {
    made ??= connect(options);
    return made;
  };

  const path = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;
  const encode = (method: DescMethod) => (message: MessageShape<DescMethod["input"]>) =>
    Buffer.from(toBinary(method.input, message));
  const timing = ({ timeoutMs }: CallOptions): grpc.CallOptions =>
    timeoutMs === undefined ? {} : { deadline: new Date(systemClock.wallTime() + timeoutMs) };

  return {
    unary: (method, request, options = {}) =>
      new Promise((resolve, reject) => {
        const { client, metadata } = connection();
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
      const { client, metadata } = connection();
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
    close: () => made?.client.close(),
  };
}
