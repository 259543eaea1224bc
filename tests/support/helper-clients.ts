// The TypeScript helper over each transport that it works with.
import { createHash } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { createConnectClient } from "../../clients/typescript/connect.ts";
import { createGrpcClient } from "../../clients/typescript/grpc.ts";
import { systemRuntime } from "../../clients/typescript/runtime.ts";
import type { GenerationClient } from "../../clients/typescript/steer.ts";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";

export const TRANSPORTS = ["grpc-js", "Connect", "gRPC-Web"] as const;

export type Transport = (typeof TRANSPORTS)[number];

/** Key of the caller that `CALLER_CONFIG` names. */
const KEY = "key-of-the-test";

/** Lines of a configuration that takes the helper's key and no call without one. */
export const CALLER_CONFIG = `
callers:
  - {id: test, role: caller, key_sha256: ${createHash("sha256").update(KEY).digest("hex")}}
`;

export interface HelperClient {
  readonly client: GenerationClient;
  close(): void;
}

/** A connection of its own to `address`, which is `host:port`. */
export function helperClient(
  transport: Transport,
  address: string,
  keepaliveMs = 60_000,
): HelperClient {
  if (transport === "grpc-js") {
    const client = createGrpcClient({
      address,
      token: KEY,
      channelOptions: {
        "grpc.use_local_subchannel_pool": 1,
        "grpc.keepalive_time_ms": keepaliveMs,
        "grpc.keepalive_timeout_ms": keepaliveMs,
      },
    });
    return { client, close: () => client.close() };
  }
  const create = transport === "Connect" ? createConnectTransport : createGrpcWebTransport;
  const options = { baseUrl: `http://${address}`, httpVersion: "1.1" } as const;
  return {
    client: createConnectClient(createClient(GenerationService, create(options)), {
      token: () => KEY,
    }),
    close: () => {},
  };
}

/** Comes back at once: the waits of the algorithm are the vectors' business. */
export const impatient = { ...systemRuntime, random: () => 0 };
