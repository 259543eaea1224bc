// One address with several replicas of a service, over the wire of each transport of the helper.
import http from "node:http";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import {
  type GenerateRequest,
  type GenerateResponseSchema,
  GenerationService,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import type { Transport } from "./helper-clients.ts";

export type Reply = () => Promise<MessageInitShape<typeof GenerateResponseSchema>>;

export interface ReplacedReplica extends AsyncDisposable {
  /** `host:port`, the same for each replica. */
  readonly address: string;
  /** Requests of the calls that reached a replica. */
  readonly requests: readonly GenerateRequest[];
  /** The replica breaks all its connections; the next replica accepts the following ones. */
  kill(): void;
  /** The replica finishes its calls and accepts no further ones; following connections go to the next replica. */
  goAway(): void;
}

/** A service whose unary calls are answered by `reply`. */
export async function startReplacedReplica(
  transport: Transport,
  reply: Reply,
): Promise<ReplacedReplica> {
  const requests: GenerateRequest[] = [];
  const handler = connectNodeAdapter({
    routes: ({ service }) =>
      service(GenerationService, {
        generate(request) {
          requests.push(request);
          return reply();
        },
      }),
  });
  const sockets = new Set<net.Socket>();
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = transport === "grpc-js" ? http2.createServer(handler) : http.createServer(handler);
  if (!(server instanceof http.Server)) {
    server.on("session", (session) => {
      sessions.add(session);
      session.on("error", () => {});
      session.on("close", () => sessions.delete(session));
    });
  }
  const replica = {
    requests,
    address: "",
    kill() {
      for (const socket of sockets) socket.destroy();
    },
    goAway() {
      for (const session of sessions) session.close();
      if (server instanceof http.Server) server.closeIdleConnections();
    },
    async [Symbol.asyncDispose]() {
      replica.kill();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
  const listener = net.createServer((socket) => {
    socket.on("error", () => {});
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    server.emit("connection", socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  replica.address = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return replica;
}
