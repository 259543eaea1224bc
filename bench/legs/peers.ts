import { streamLoad, unaryLoad } from "../calls.ts";
import { chatLoad } from "../chat-load.ts";
import { connectStream, connectUnary } from "../connect-loads.ts";
import { callCost, callMs, eventCost, firstTokenMs, pacedCost } from "../costs.ts";
import { beside, interleave, type Rounds } from "../measure.ts";
import { litellm } from "../peers/litellm.ts";
import { portkey } from "../peers/portkey.ts";
import { smg } from "../peers/smg.ts";
import { type Started, startPeer } from "../peers/start-peer.ts";
import type { Row } from "../report.ts";
import type { Leg, Scene } from "../scene.ts";
import { grpcSubject, httpSubject, type Subject } from "../subject.ts";

const PEERS = [portkey, litellm, smg];
const ROUNDS = 5;
const FLOOR = "floor-2026-11";
const CONNECT = "Steer, Connect JSON";

interface Question {
  readonly about: string;
  readonly unit: string;
  readonly model: string;
  readonly isStream: boolean;
  cost(subject: Subject, slotMs: number): Promise<number>;
}

const paced = (width: number): Question => ({
  about: `event every 5 ms, ${width} streams`,
  unit: "µs/event",
  model: "paced-5",
  isStream: true,
  cost: (subject, ms) => pacedCost(subject, ms, { width, streamMs: 1_000 }),
});

const UNARY: Question = {
  about: "unary",
  unit: "µs/call",
  model: "bench",
  isStream: false,
  cost: (subject, ms) => callCost(subject, ms),
};

const QUESTIONS: readonly Question[] = [
  UNARY,
  { about: "event", unit: "µs/event", model: "bench", isStream: true, cost: eventCost },
  paced(8),
  paced(32),
  { about: "call p50, one at a time", unit: "ms", model: "bench", isStream: false, cost: callMs },
  {
    about: "first token p50, one at a time",
    unit: "ms",
    model: "bench",
    isStream: true,
    cost: firstTokenMs,
  },
];

/** Who answers a question, by name. */
type Subjects = (question: Question) => Readonly<Record<string, Subject>>;

async function ownSubjects(scene: Scene): Promise<Subjects> {
  const { server, address } = await scene.gateway();
  const http = String(server.first["http"]);
  const old = await scene.floorOf202611({ server, address });
  const floor = await scene.floor("unary", { server, address });
  const proxy = await scene.httpProxy();
  return ({ model, isStream }) => {
    const load = (at: string, ephemeral = false) =>
      isStream ? streamLoad(at, model, { ephemeral }) : unaryLoad(at, model);
    const connect = isStream ? connectStream(model, { ephemeral: false }) : connectUnary(model);
    return {
      "Steer, gRPC": grpcSubject(server, load(address)),
      ...(isStream && { "Steer, gRPC, ephemeral": grpcSubject(server, load(address, true)) }),
      [CONNECT]: httpSubject(server, http, connect),
      "Steer, Chat door": httpSubject(server, http, chatLoad(model, isStream)),
      [FLOOR]: grpcSubject(old.server, load(old.address)),
      "the floor": grpcSubject(floor.server, load(floor.address)),
      "a proxy that copies bytes": httpSubject(
        proxy.server,
        proxy.address,
        chatLoad(model, isStream),
      ),
    };
  };
}

const nameOf = ({ peer }: Started): string => `${peer.name} ${peer.version}`;

function peerSubjects(started: readonly Started[], upstream: string): Subjects {
  return ({ model, isStream }) =>
    Object.fromEntries(
      started.flatMap((one) => {
        if ("reason" in one) return [];
        const load = chatLoad(model, isStream, one.peer.headers(upstream));
        return [[nameOf(one), httpSubject(one.server, one.address, load)]];
      }),
    );
}

function rowsOf({ about, unit }: Question, of: Rounds<string>): Row[] {
  const floor = of[FLOOR] ?? [];
  return Object.entries(of).map(([name, values]) => {
    const figure = name === FLOOR ? `${about}: ${name}` : `${about}: ${name}, beside ${FLOOR}`;
    return isWhole(values)
      ? { figure, unit, ...beside(values, floor) }
      : { figure, unit, value: Number.NaN, note: "a round failed" };
  });
}

const isWhole = (values: readonly number[]): boolean => values.every(Number.isFinite);

/** A peer that fails in a round loses the figure, and the others keep theirs. */
async function orNone(name: string, cost: Promise<number>): Promise<number> {
  try {
    return await cost;
  } catch (error) {
    process.stderr.write(`peers: ${name} has failed: ${error}\n`);
    return Number.NaN;
  }
}

async function measure(
  question: Question,
  { own, others }: Readonly<Record<"own" | "others", Subjects>>,
  slotMs: number,
): Promise<Rounds<string>> {
  const cost = (subject: Subject) => question.cost(subject, slotMs);
  const measured: [string, () => Promise<number>][] = [
    ...Object.entries(own(question)).map(
      ([name, subject]) => [name, () => cost(subject)] satisfies [string, unknown],
    ),
    ...Object.entries(others(question)).map(
      ([name, subject]) => [name, () => orNone(name, cost(subject))] satisfies [string, unknown],
    ),
  ];
  return interleave(Object.fromEntries(measured), ROUNDS);
}

/** The row of the target, if Portkey is there. */
function besidePortkey(of: Rounds<string>): Row[] {
  const least = of[`${portkey.name} ${portkey.version}`];
  const values = of[CONNECT];
  if (least === undefined || values === undefined || !isWhole(least)) return [];
  return [
    {
      figure: "unary: Steer, Connect JSON, beside Portkey",
      unit: UNARY.unit,
      ...beside(values, least),
      bar: { of: "ratio", most: 0.4 },
      target: "connect-unary",
    },
  ];
}

export const peers: Leg = {
  name: "peers",
  about: "the gateway beside Portkey, LiteLLM and smg, which it installs from npm and PyPI",
  isExtra: true,
  async run(scene) {
    const started: Started[] = [];
    for (const peer of PEERS) {
      process.stderr.write(`peers: installing ${peer.name} ${peer.version}\n`);
      started.push(await startPeer(scene, peer));
    }
    const subjects = {
      own: await ownSubjects(scene),
      others: peerSubjects(started, await scene.upstream()),
    };
    const rows: Row[] = started.flatMap((one) =>
      "reason" in one
        ? [{ figure: nameOf(one), unit: "", value: Number.NaN, note: `skipped: ${one.reason}` }]
        : [],
    );
    for (const question of QUESTIONS) {
      const of = await measure(question, subjects, scene.slotMs);
      rows.push(...rowsOf(question, of));
      if (question === UNARY) rows.push(...besidePortkey(of));
    }
    return rows;
  },
};
