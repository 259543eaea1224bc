// Calls over HTTP/1.1, as clients of HTTP APIs make them: JSON in, JSON or events out, connections kept.
import http from "node:http";
import { run } from "./load.ts";
import { cpuPer } from "./measure.ts";
import type { Served } from "./processes.ts";

const CALLS = 6_000;
const WIDTH = 32;
const STREAMS = 300;
const STREAM_WIDTH = 16;

export interface HttpLoad {
  readonly path: string;
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Events in a piece of the answer. */
  readonly eventsIn: (piece: Buffer) => number;
}

/** Events of an answer; a whole answer has none. */
function call(agent: http.Agent, address: string, load: HttpLoad): Promise<number> {
  const { path, body, headers, eventsIn } = load;
  return new Promise((resolve, reject) => {
    const url = `http://${address}${path}`;
    const length = String(Buffer.byteLength(body));
    const sent = { ...headers, "content-length": length };
    const request = http.request(url, { method: "POST", headers: sent, agent });
    request.once("error", reject);
    request.once("response", (response) => {
      let events = 0;
      response.on("data", (piece: Buffer) => {
        events += eventsIn(piece);
      });
      response.once("error", reject);
      response.once("end", () => {
        if (response.statusCode === 200) resolve(events);
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
      await run(CALLS, WIDTH, () => call(agent, address, load));
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
        // Read after the wait: the streams beside it add to it as well.
        const more = await call(agent, address, load);
        events += more;
      });
      return events;
    });
  } finally {
    agent.destroy();
  }
}
