// Bombs, in each protocol and compression that takes them.
import http from "node:http";
import type { ClientHttp2Session } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { type Attack, type AttackRun, onlyEnds, together } from "../attack.ts";
import { openSession } from "../connections.ts";
import { endOf, envelope, pathOf, sendOverHttp1, sendOverHttp2 } from "../send.ts";
import { type Bomb, deepBombs, elementBombs, inflatable, jsonBombs } from "./bombs.ts";

const { generate, streamGenerate } = GenerationService.method;
const MIB = 1024 * 1024;
const COMPRESSED = 1;
/** Requests that are on their way at once. */
const AT_ONCE = 4;

/** One way to send a bomb: its bytes are made once. */
interface Shot {
  readonly path: string;
  readonly port: "grpc" | "http";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const pack = {
  gzip: (body: Buffer) => gzipSync(body),
  deflate: (body: Buffer) => deflateSync(body),
  br: (body: Buffer) => brotliCompressSync(body, { params: {} }),
} as const;

type Encoding = keyof typeof pack;

function shotsOf({ format, body }: Bomb, encoding: Encoding | undefined): Shot[] {
  const packed = encoding === undefined ? body : pack[encoding](body);
  const enveloped = envelope(packed, encoding === undefined ? 0 : COMPRESSED);
  const encoded = (name: string) => (encoding === undefined ? {} : { [name]: encoding });
  const paths = [generate, streamGenerate].map(pathOf);
  const streaming = pathOf(streamGenerate);
  const overHttp = (path: string, type: string, header: string, sent: Buffer): Shot => ({
    path,
    port: "http",
    headers: { "content-type": type, ...encoded(header) },
    body: sent,
  });
  return [
    overHttp(pathOf(generate), `application/${format}`, "content-encoding", packed),
    overHttp(streaming, `application/connect+${format}`, "connect-content-encoding", enveloped),
    overHttp(streaming, `application/grpc-web+${format}`, "grpc-encoding", enveloped),
    ...(format === "proto" && encoding !== "br"
      ? paths.map((path): Shot => {
          const headers = { "content-type": "application/grpc", ...encoded("grpc-encoding") };
          return { path, port: "grpc", headers, body: enveloped };
        })
      : []),
  ];
}

/** Sends each shot, over and over, so many at once. */
async function fire(run: AttackRun, shots: readonly Shot[], atOnce = AT_ONCE): Promise<void> {
  const { target } = run;
  const { authorization } = target;
  const agent = new http.Agent({ keepAlive: true });
  const sessions: (ClientHttp2Session | undefined)[] = [];
  let next = 0;
  await together(atOnce, async (index) => {
    while (!run.isOver) {
      const shot = shots[next++ % shots.length];
      if (shot === undefined) return;
      const headers = { ...shot.headers, authorization };
      run.count();
      if (shot.port === "grpc") {
        if (sessions[index]?.destroyed !== false) sessions[index] = await openSession(target.grpc);
        const session = sessions[index];
        if (session === undefined) continue;
        run.end((await sendOverHttp2(session, { ":path": shot.path, ...headers }, shot.body)).how);
      } else {
        const answer = await sendOverHttp1(
          `${target.http}${shot.path}`,
          { agent, headers },
          shot.body,
        );
        run.end(typeof answer === "string" ? answer : endOf(answer).how);
      }
      await delay(0);
    }
  });
  for (const session of sessions) session?.destroy();
  agent.destroy();
}

const REFUSED = ["INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"];
const all = (bombs: readonly Bomb[], encodings: readonly (Encoding | undefined)[]): Shot[] =>
  bombs.flatMap((bomb) => encodings.flatMap((encoding) => shotsOf(bomb, encoding)));

export const REQUEST_BOMBS: readonly Attack[] = [
  {
    name: "elements",
    cases: ["X3", "X4"],
    about: "millions of empty messages and tiny fields in some kilobytes, in each protocol",
    seconds: 4,
    prepare() {
      const shots = all(elementBombs(), ["gzip"]);
      return (run) => fire(run, shots);
    },
    wrong: onlyEnds(...REFUSED),
  },
  {
    name: "depth",
    cases: ["X3", "X4"],
    about: "messages, groups, lists and objects in one another",
    seconds: 3,
    prepare() {
      const shots = all(deepBombs(), [undefined, "gzip"]);
      return (run) => fire(run, shots);
    },
    wrong: onlyEnds(...REFUSED),
  },
  {
    name: "json",
    cases: ["X4"],
    about: "JSON with members, numbers, names and escapes beyond use",
    seconds: 3,
    prepare() {
      const shots = all(jsonBombs(), [undefined, "gzip"]);
      return (run) => fire(run, shots);
    },
    wrong: onlyEnds(...REFUSED),
  },
  {
    name: "bombs",
    cases: ["X3"],
    about: "gzip, deflate and br that inflate to 100 MB",
    seconds: 3,
    prepare() {
      const body = Buffer.alloc(100 * MIB, 0x20);
      const shots = [
        ...all([{ name: "spaces", format: "json", body }], ["gzip", "br"]),
        ...all([{ name: "spaces", format: "proto", body }], ["deflate"]).filter(
          ({ port }) => port === "grpc",
        ),
      ];
      return (run) => fire(run, shots, 16);
    },
    wrong: onlyEnds(...REFUSED),
  },
  {
    name: "rated-bombs",
    cases: ["X3"],
    about: "32 requests at once of 400 KB, which inflate to 30 MB each as their ratio allows",
    seconds: 4,
    prepare() {
      const body = inflatable(30 * MIB);
      const shots = [
        ...all([{ name: "text", format: "json", body }], ["gzip"]),
        ...all([{ name: "text", format: "proto", body }], ["gzip"]),
      ];
      return (run) => fire(run, shots, 32);
    },
    wrong: onlyEnds(...REFUSED),
  },
];
