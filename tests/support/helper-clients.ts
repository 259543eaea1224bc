// The TypeScript helper over each supported transport.
import { createHash } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { createConnectTransport as createFetchTransport } from "@connectrpc/connect-web";
import { createConnectClient } from "../../clients/typescript/connect.ts";
import { createGrpcClient } from "../../clients/typescript/grpc.ts";
import { systemRuntime } from "../../clients/typescript/runtime.ts";
import type { GenerationClient } from "../../clients/typescript/steer.ts";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";

export const TRANSPORTS = ["grpc-js", "Connect", "gRPC-Web"] as const;

/** Like browsers: over `fetch`, in JSON. */
export const FETCH = "Connect by fetch";

export type Transport = (typeof TRANSPORTS)[number] | typeof FETCH;

const TRANSPORT_MAKERS = {
  Connect: createConnectTransport,
  "gRPC-Web": createGrpcWebTransport,
  [FETCH]: createFetchTransport,
};

/** Key of the caller that `CALLER_CONFIG` names. */
const KEY = "key-of-the-test";

/** Configuration lines that accept the helper's key and refuse calls without one. */
export const CALLER_CONFIG = `
callers:
  - {id: test, role: caller, key_sha256: ${createHash("sha256").update(KEY).digest("hex")}}
`;

export interface HelperClient {
  readonly client: GenerationClient;
  close(): void;
}

/** A new connection to `address`, which is `host:port` or a gRPC target such as `ipv4:a,b`. */
export function helperClient(
  transport: Transport,
  address: string,
  keepaliveMs = 60_000,
): HelperClient {
  if (transport === "grpc-js") {
    const client = createGrpcClient({
      ...(address.startsWith("ipv4:") ? { target: address } : { address }),
      token: KEY,
      channelOptions: {
        "grpc.use_local_subchannel_pool": 1,
        "grpc.keepalive_time_ms": keepaliveMs,
        "grpc.keepalive_timeout_ms": keepaliveMs,
      },
    });
    return { client, close: () => client.close() };
  }
  const made = TRANSPORT_MAKERS[transport]({ baseUrl: `http://${address}`, httpVersion: "1.1" });
  return {
    client: createConnectClient(createClient(GenerationService, made), {
      token: () => KEY,
    }),
    close: () => {},
  };
}

/**
 * Short waits, because the vectors test the waits of the algorithm. A grpc-js channel reconnects after 0.1 s and
 * fails calls until then, so the waits are not zero.
 */
export const impatient = { ...systemRuntime, random: () => 0.1 };
