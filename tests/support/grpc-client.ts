import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/es/google/rpc/status_pb.js";
import { type GatewayError, GatewayErrorSchema } from "../../gen/es/steer/v1/error_pb.js";

/** A grpc-js client for any method of the contract. */
export interface GrpcClient {
  unary<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options?: CallOptions,
  ): Promise<MessageShape<M["output"]>>;
  stream<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options?: CallOptions,
  ): StreamCall<MessageShape<M["output"]>>;
  close(): void;
}

export interface CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Sent to the service only: on a busy machine, a client-side deadline would hide the service's answer. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface StreamCall<Message> extends AsyncIterable<Message> {
  cancel(): void;
  /** Metadata of the response, when it arrives. Rejects if the call fails without. */
  readonly headers: Promise<grpc.Metadata>;
}

function decoder<Schema extends DescMessage>(schema: Schema) {
  return (bytes: Buffer): MessageShape<Schema> => fromBinary(schema, bytes);
}

function encoder<Schema extends DescMessage>(schema: Schema) {
  return (message: MessageShape<Schema>): Buffer => Buffer.from(toBinary(schema, message));
}

/** A timeout is a whole number of at most eight digits. */
function timeoutOf(ms: number): string {
  return ms < 1e8 ? `${Math.ceil(ms)}m` : `${Math.floor(ms / 3_600_000)}H`;
}

function metadataOf(options: CallOptions): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
  if (options.timeoutMs !== undefined) metadata.set("grpc-timeout", timeoutOf(options.timeoutMs));
  return metadata;
}

export function createGrpcClient(
  address: string,
  credentials = grpc.credentials.createInsecure(),
  channelOptions: grpc.ClientOptions = {},
): GrpcClient {
  const client = new grpc.Client(address, credentials, {
    "grpc.use_local_subchannel_pool": 1,
    ...channelOptions,
  });
  const path = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;
  return {
    unary: (method, request, options = {}) =>
      new Promise((resolve, reject) => {
        const call = client.makeUnaryRequest(
          path(method),
          encoder(method.input),
          decoder(method.output),
          create(method.input, request),
          metadataOf(options),
          (error, value) => {
            if (error !== null) reject(error);
            else if (value === undefined) reject(new Error("no value"));
            else resolve(value as never);
          },
        );
        options.signal?.addEventListener("abort", () => call.cancel());
      }),
    stream(method, request, options = {}) {
      const call = client.makeServerStreamRequest(
        path(method),
        encoder(method.input),
        decoder(method.output),
        create(method.input, request),
        metadataOf(options),
      );
      let failure: Error | undefined;
      const headers = new Promise<grpc.Metadata>((resolve, reject) => {
        call.once("metadata", resolve);
        call.once("error", reject);
      });
      headers.catch(() => {});
      // An error of an unread stream must not end the process.
      call.on("error", (error) => {
        failure = error;
      });
      async function* messages(): AsyncGenerator {
        yield* call;
        // The library forgets an error that came before the reading.
        if (failure !== undefined) throw failure;
      }
      return {
        headers,
        cancel: () => call.cancel(),
        [Symbol.asyncIterator]: () => messages() as never,
      };
    },
    close: () => client.close(),
  };
}

/** A detail of a status. */
export function detailOf<Schema extends DescMessage>(
  error: unknown,
  schema: Schema,
): MessageShape<Schema> | undefined {
  const [bytes] = (error as grpc.ServiceError).metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Buffer)) return undefined;
  const { details } = fromBinary(StatusSchema, bytes);
  const detail = details.find(({ typeUrl }) => typeUrl.endsWith(`/${schema.typeName}`));
  return detail === undefined ? undefined : fromBinary(schema, detail.value);
}

/** The typed error of a status. */
export function gatewayErrorOf(error: unknown): GatewayError | undefined {
  return detailOf(error, GatewayErrorSchema);
}
