import { PROMPT } from "../calls.ts";
import { connectStream, connectUnary } from "../connect-loads.ts";
import { callCost, eventCost, firstTokenMs, warmUp } from "../costs.ts";
import { type HttpLoad, occurrences } from "../http-load.ts";
import { pair } from "../measure.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";
import { httpSubject, type Subject } from "../subject.ts";

const MODEL = "bench";
/**
 * Answers with one token. In longer answers, the upstream and the gateway are busy with the tokens behind the first, and
 * on a machine with two processors the client's wait for one of them counts too.
 */
const ONE_TOKEN = "short";
const MESSAGES = [{ role: "user", content: PROMPT }];
const JSON_TYPE = { "content-type": "application/json" };
const DATA = Buffer.from("data: ");

function json(path: string, body: object): HttpLoad {
  const eventsIn = (piece: Buffer): number => occurrences(piece, DATA);
  return { path, body: JSON.stringify(body), headers: JSON_TYPE, eventsIn };
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

/** One row for each floor of a figure. */
async function rowsBeside(
  measured: Subject,
  cost: (of: Subject) => Promise<number>,
  floors: Readonly<Record<string, Subject>>,
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
    const proxy = await scene.httpProxy();
    const at = (load: HttpLoad) => httpSubject(server, String(server.first["http"]), load);
    const least = (load: HttpLoad) => httpSubject(proxy.server, proxy.address, load);
    const callOf = (subject: Subject) => callCost(subject, scene.slotMs);
    const eventOf = (subject: Subject) => eventCost(subject, scene.slotMs);
    const firstOf = (subject: Subject) => firstTokenMs(subject, scene.slotMs);
    const rows: Row[] = [];
    await warmUp(at(connectUnary(MODEL)));
    for (const [, path, body] of DOORS) await warmUp(at(json(path, { model: MODEL, ...body })));
    for (const [name, path, body] of DOORS) {
      const whole = json(path, { model: MODEL, ...body });
      const streamed = json(path, { model: MODEL, ...body, stream: true });
      const bar = (floor: string) => (name === "Chat" && floor === CONNECT ? CHAT_BAR : {});
      const calls = { [CONNECT]: at(connectUnary(MODEL)), "a proxy": least(whole) };
      const call = (floor: string) => ({
        figure: `${name}, whole, beside ${floor}`,
        unit: "µs/call",
        ...bar(floor),
      });
      rows.push(...(await rowsBeside(at(whole), callOf, calls, call)));
      const streams = {
        [CONNECT]: at(connectStream(MODEL, { ephemeral: true })),
        "a proxy": least(streamed),
      };
      const event = (floor: string) => ({
        figure: `${name}, streamed, beside ${floor}`,
        unit: "µs/event",
        ...bar(floor),
      });
      rows.push(...(await rowsBeside(at(streamed), eventOf, streams, event)));
      const one = json(path, { model: ONE_TOKEN, ...body, stream: true });
      for (const [load, answer] of [
        [streamed, ""],
        [one, " of one"],
      ] as const) {
        const first = (floor: string) => ({
          figure: `${name}: time to the first token${answer} p50, beside ${floor}`,
          unit: "ms",
          ...FIRST_TOKEN_BAR,
        });
        rows.push(...(await rowsBeside(at(load), firstOf, { "a proxy": least(load) }, first)));
      }
    }
    return rows;
  },
};
