import { type HttpLoad, httpCallCost, httpEventCost, httpFirstTokenMs } from "../http-load.ts";
import { pair } from "../measure.ts";
import type { Served } from "../processes.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";

const MODEL = "bench";
const PROMPT = "Say something about the sea.";
const MESSAGES = [{ role: "user", content: PROMPT }];
const JSON_TYPE = { "content-type": "application/json" };
const ENVELOPE_BYTES = 5;
const DATA = Buffer.from("data: ");

/** Server-sent events in a piece. */
function lines(piece: Buffer): number {
  let count = 0;
  for (let at = piece.indexOf(DATA); at >= 0; at = piece.indexOf(DATA, at + 1)) count++;
  return count;
}

/** Messages of Connect in a piece: each of these has its sequence. */
function envelopes(piece: Buffer): number {
  const mark = Buffer.from('"sequence"');
  let count = 0;
  for (let at = piece.indexOf(mark); at >= 0; at = piece.indexOf(mark, at + 1)) count++;
  return count;
}

function json(path: string, body: object): HttpLoad {
  return { path, body: JSON.stringify(body), headers: JSON_TYPE, eventsIn: lines };
}

function connectUnary(): HttpLoad {
  return json("/steer.v1.GenerationService/Generate", { spec: { model: MODEL, prompt: PROMPT } });
}

function connectStream(): HttpLoad {
  const request = { spec: { model: MODEL, prompt: PROMPT }, options: { ephemeral: true } };
  const text = Buffer.from(JSON.stringify(request));
  const head = Buffer.alloc(ENVELOPE_BYTES);
  head.writeUInt32BE(text.length, 1);
  return {
    path: "/steer.v1.GenerationService/StreamGenerate",
    body: Buffer.concat([head, text]),
    headers: { "content-type": "application/connect+json" },
    eventsIn: envelopes,
  };
}

const DOORS = [
  ["Chat", "/v1/chat/completions", { messages: MESSAGES }],
  ["Responses", "/v1/responses", { input: PROMPT, store: false }],
  ["Messages", "/v1/messages", { messages: MESSAGES, max_tokens: 1_000 }],
] as const;

/** Chat is as dear as JSON over Connect, and a tenth more. */
const CHAT_BAR = { bar: { of: "ratio", most: 1.1 } } as const;
/** Milliseconds that a door adds to the first token. */
const FIRST_TOKEN_BAR = { bar: { of: "added", most: 2 } } as const;

/** A load, and who takes it. */
interface Measured extends Served {
  readonly load: HttpLoad;
}

const callCost = ({ load, ...served }: Measured) => httpCallCost(served, served.address, load);
const eventCost = ({ load, ...served }: Measured) => httpEventCost(served, served.address, load);
const firstToken = ({ load, address }: Measured) => httpFirstTokenMs(address, load);

/** One row for each floor of a figure. */
async function rowsBeside(
  measured: Measured,
  cost: (of: Measured) => Promise<number>,
  floors: Readonly<Record<string, Measured>>,
  row: (floor: string) => Omit<Row, "value" | "floor">,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, floor] of Object.entries(floors)) {
    const figures = await pair(
      () => cost(measured),
      () => cost(floor),
    );
    rows.push({ ...row(name), ...figures });
  }
  return rows;
}

const CONNECT = "Connect JSON";

export const doors: Leg = {
  name: "doors",
  about:
    "CPU of calls and events at the doors of vendors' APIs, beside Connect with JSON and a proxy",
  async run(scene) {
    const { server } = await scene.gateway();
    const gateway: Served = { server, address: String(server.first["http"]) };
    const proxy = await scene.httpProxy();
    const rows: Row[] = [];
    for (const [name, path, body] of DOORS) {
      const whole = json(path, { model: MODEL, ...body });
      const streamed = json(path, { model: MODEL, ...body, stream: true });
      const bar = (floor: string) => (name === "Chat" && floor === CONNECT ? CHAT_BAR : {});
      const calls = {
        [CONNECT]: { ...gateway, load: connectUnary() },
        "a proxy": { ...proxy, load: whole },
      };
      const call = (floor: string) => ({
        figure: `${name}, whole, beside ${floor}`,
        unit: "µs/call",
        ...bar(floor),
      });
      rows.push(...(await rowsBeside({ ...gateway, load: whole }, callCost, calls, call)));
      const streams = {
        [CONNECT]: { ...gateway, load: connectStream() },
        "a proxy": { ...proxy, load: streamed },
      };
      const event = (floor: string) => ({
        figure: `${name}, streamed, beside ${floor}`,
        unit: "µs/event",
        ...bar(floor),
      });
      const stream = { ...gateway, load: streamed };
      rows.push(...(await rowsBeside(stream, eventCost, streams, event)));
      const first = (floor: string) => ({
        figure: `${name}: time to the first token p50, beside ${floor}`,
        unit: "ms",
        ...FIRST_TOKEN_BAR,
      });
      const least = { "a proxy": { ...proxy, load: streamed } };
      rows.push(...(await rowsBeside(stream, firstToken, least, first)));
    }
    return rows;
  },
};
