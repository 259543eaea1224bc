// Calls over HTTP/1.1, as clients of HTTP APIs make them: JSON in, JSON or events out, connections kept.
import http from "node:http";
import { run } from "./load.ts";
import { cpuPer, median } from "./measure.ts";
import type { Served } from "./processes.ts";

const CALLS = 2_000;
const WIDTH = 32;
const STREAMS = 100;
const STREAM_WIDTH = 16;
const FIRST_TOKENS = 100;
/** Stands in the first delta of the upstream's answers, and in nothing that a door sends before. */
const FIRST_WORD = "word ";

export interface HttpLoad {
  readonly path: string;
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Events in a piece of the answer. */
  readonly eventsIn: (piece: Buffer) => number;
}

/** Calls back with each piece of the answer. */
function call(
  agent: http.Agent,
  address: string,
  { path, body, headers }: HttpLoad,
  onPiece: (piece: Buffer) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const url = `http://${address}${path}`;
    const length = String(Buffer.byteLength(body));
    const sent = { ...headers, "content-length": length };
    const request = http.request(url, { method: "POST", headers: sent, agent });
    request.once("error", reject);
    request.once("response", (response) => {
      response.on("data", onPiece);
      response.once("error", reject);
      response.once("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${path}: status ${response.statusCode}`));
      });
    });
    request.end(body);
  });
}

/** CPU microseconds of the server for a call. */
export async function httpCallCost({ server }: Served, address: string, load: HttpLoad) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: WIDTH });
  try {
    return await cpuPer(server, async () => {
      await run(CALLS, WIDTH, () => call(agent, address, load, () => {}));
      return CALLS;
    });
  } finally {
    agent.destroy();
  }
}

/** CPU microseconds of the server for an event of streams. */
export async function httpEventCost({ server }: Served, address: string, load: HttpLoad) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: STREAM_WIDTH });
  try {
    return await cpuPer(server, async () => {
      let events = 0;
      await run(STREAMS, STREAM_WIDTH, async () => {
        await call(agent, address, load, (piece) => {
          events += load.eventsIn(piece);
        });
      });
      return events;
    });
  } finally {
    agent.destroy();
  }
}

/** Median of the milliseconds to the first delta, one stream at a time. */
export async function httpFirstTokenMs(address: string, load: HttpLoad): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  try {
    await run(FIRST_TOKENS, 1, async () => {
      const startedAt = performance.now();
      let firstMs: number | undefined;
      await call(agent, address, load, (piece) => {
        if (firstMs === undefined && piece.includes(FIRST_WORD)) {
          firstMs = performance.now() - startedAt;
        }
      });
      times.push(firstMs ?? Number.NaN);
    });
    return median(times);
  } finally {
    agent.destroy();
  }
}
