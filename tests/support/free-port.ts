import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Ports below those that kernels pick for port 0 and for outgoing connections (from 32,768 on Linux, from 49,152 on
 * macOS). Another server or connection would get a picked port while its server is down.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_767;
const MAX_TRIES = 100;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    // Without a host: a port that any address of this machine uses is not free.
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

/**
 * A port that nothing listens on, for a server that takes no port 0 or that keeps its port over restarts.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port of ${FIRST_PORT} to ${LAST_PORT} is free`);
}
