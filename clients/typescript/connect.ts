import {
  type Client,
  type CallOptions as ConnectCallOptions,
  ConnectError,
} from "@connectrpc/connect";
import type { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { checkedKey } from "./checked-key.ts";
import type { CallOptions, GenerationClient } from "./steer.ts";
import { Code, errorOfStatus } from "./steer-error.ts";

export interface ConnectOptions {
  /**
   * The caller's key; a function is called before each call. No variable is read, because the transport is the
   * caller's.
   */
  readonly token?: string | (() => string);
}

function toSteerError(error: unknown): unknown {
  if (!(error instanceof ConnectError)) return error;
  // `fetch` rejects with a TypeError if the network fails, which Connect reports as UNKNOWN.
  const isLost = error.code === Code.UNKNOWN && error.cause instanceof TypeError;
  return errorOfStatus({
    code: isLost ? Code.UNAVAILABLE : error.code,
    message: error.rawMessage,
    find: (schema) => error.findDetails(schema)[0],
    pushback: error.metadata.get("grpc-retry-pushback-ms") ?? undefined,
    cause: error,
  });
}

async function* eventsOf(call: AsyncIterable<StreamEvent>): AsyncGenerator<StreamEvent, void> {
  try {
    yield* call;
  } catch (error) {
    throw toSteerError(error);
  }
}

/**
 * A client over any transport of Connect: connect-node or connect-web, with Connect, gRPC-Web or gRPC. Throws
 * `SteerError` KEY_INVALID.
 */
export function createConnectClient(
  client: Client<typeof GenerationService>,
  { token }: ConnectOptions = {},
): GenerationClient {
  if (typeof token === "string") checkedKey(token, "token");

  function callOptions({ signal, timeoutMs }: CallOptions): ConnectCallOptions {
    const key = checkedKey((typeof token === "function" ? token() : token) ?? "", "token");
    return {
      signal,
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(key !== "" && { headers: { authorization: `Bearer ${key}` } }),
    };
  }
  return {
    async generate(request, options) {
      try {
        return await client.generate(request, callOptions(options));
      } catch (error) {
        throw toSteerError(error);
      }
    },
    streamGenerate: (request, options) =>
      eventsOf(client.streamGenerate(request, callOptions(options))),
    resumeStream: (request, options) =>
      eventsOf(client.resumeStream(request, callOptions(options))),
  };
}
