import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/**
 * Ports below those that kernels pick for port 0 and for outgoing connections (from 32,768 on Linux, from 49,152 on
 * macOS). Another server or connection would get a picked port while its server is down.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_767;
const MAX_TRIES = 100;

/**
 * Claims a port for this process. The claim is a UDP socket with the same number: no TCP server is in its way, two
 * processes cannot have it, and the kernel ends it with the process. A port whose server is not up yet, or is down
 * for a moment, is given to nobody else.
 */
function claim(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => {
      socket.unref();
      resolve(true);
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    // Without a host: a port that any address of this machine uses is not free.
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

/**
 * A port that nothing listens on, for a server that takes no port 0 or that keeps its port over restarts. No other
 * caller gets the port while this process lives.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if ((await claim(port)) && (await isFree(port))) return port;
  }
  throw new Error(`no port of ${FIRST_PORT} to ${LAST_PORT} is free`);
}
