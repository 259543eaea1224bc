import { type HttpLoad, httpCallCost, httpEventCost } from "../http-load.ts";
import { pair } from "../measure.ts";
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

/** As dear as JSON over Connect, and a tenth more. */
const BAR = { of: "ratio", most: 1.1 } as const;

export const doors: Leg = {
  name: "doors",
  about: "CPU of calls and events at the doors of vendors' APIs, beside Connect with JSON",
  async run(scene) {
    const gateway = await scene.gateway();
    const address = String(gateway.server.first["http"]);
    const rows: Row[] = [];
    for (const [name, path, body] of DOORS) {
      const bar = name === "Chat" ? { bar: BAR } : {};
      const whole = json(path, { model: MODEL, ...body });
      const call = await pair(
        () => httpCallCost(gateway, address, whole),
        () => httpCallCost(gateway, address, connectUnary()),
      );
      rows.push({
        figure: `${name}, whole, beside Connect JSON`,
        unit: "µs/call",
        ...call,
        ...bar,
      });
      const streamed = json(path, { model: MODEL, ...body, stream: true });
      const event = await pair(
        () => httpEventCost(gateway, address, streamed),
        () => httpEventCost(gateway, address, connectStream()),
      );
      rows.push({
        figure: `${name}, streamed, beside Connect JSON`,
        unit: "µs/event",
        ...event,
        ...bar,
      });
    }
    return rows;
  },
};
