import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../clock.ts";
import { CloseTurns } from "./close-turns.ts";
import { GREETING_TIMEOUT_MS } from "./listen.ts";

/** Without a listener, the error of a connection would end the process. */
function ignore(): void {}

/**
 * A server that gives an HTTP/1.1 server each connection with its first bytes. Node makes a parser of 10 KB for a
 * connection as soon as it accepts it; a client that says nothing gets none, and is cut after the time of a greeting.
 * Listen on the result, and set its `maxConnections`. An HTTP/2 server misses the end of a request whose frames are
 * all in the first bytes, so it has to accept by itself.
 */
export function deferAccept(server: Server, clock: Clock): Server {
  const closes = new CloseTurns();
  const front = createServer({ allowHalfOpen: true, noDelay: true });
  front.on("connection", (socket: Socket) => {
    const stop = clock.schedule(GREETING_TIMEOUT_MS, () => socket.destroy());
    socket.on("error", ignore);
    socket.once("close", stop);
    socket.once("readable", () => {
      stop();
      socket.off("close", stop);
      // The client has closed its side, or the connection is lost.
      if (socket.readableLength === 0) return closes.add(socket);
      server.emit("connection", socket);
    });
  });
  // HTTP servers begin to check the time limits of their connections.
  front.on("listening", () => server.emit("listening"));
  return front;
}
