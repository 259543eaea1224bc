// One address with replicas of a service behind it, over the wire of each transport of the helper.
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
  /** Requests of the calls that have reached a replica. */
  readonly requests: readonly GenerateRequest[];
  /** The replica breaks off all its connections; the next one takes those that follow. */
  kill(): void;
  /** The replica lets its calls end and takes no further ones; connections that follow go to the next. */
  goAway(): void;
}

/** A service whose unary calls get what `reply` makes of them. */
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
