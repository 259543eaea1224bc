// Bodies that nobody asked for, and bodies that never end.
import http from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { partOfMessage } from "../../support/open-request.ts";
import { type Attack, type AttackRun, onlyEnds, together } from "../attack.ts";
import { openSession, RawConnection, withSessions } from "../connections.ts";
import { endOf, envelope, sendOverHttp1, sendOverHttp2 } from "../send.ts";

const GENERATE = `/${GenerationService.typeName}/Generate`;
const MIB = 1024 * 1024;
const GRPC = { ":path": GENERATE, "content-type": "application/grpc" };
const TRICKLE_MS = 100;

/** Calls without a key over both ports, one after the other on each connection. */
async function callWithoutKey(run: AttackRun, bodies: readonly Buffer[]): Promise<void> {
  const { http: url } = run.target;
  await together(8, async (index) => {
    const body = bodies[index % bodies.length] ?? Buffer.alloc(0);
    const gzipped = body.length < MIB;
    if (index % 2 === 0) {
      const headers = { ...GRPC, ...(gzipped && { "grpc-encoding": "gzip" }) };
      return withSessions(run, async (session) => {
        run.count();
        run.end((await sendOverHttp2(session, headers, envelope(body, gzipped ? 1 : 0))).how);
      });
    }
    const agent = new http.Agent({ keepAlive: true });
    const headers = {
      "content-type": "application/proto",
      ...(gzipped && { "content-encoding": "gzip" }),
    };
    while (!run.isOver) {
      run.count();
      const answer = await sendOverHttp1(`${url}${GENERATE}`, { agent, headers }, body);
      run.end(typeof answer === "string" ? answer : endOf(answer).how);
    }
    agent.destroy();
  });
}

/** Requests that begin and go on by a byte, over gRPC, until the run is over. */
async function trickleOverGrpc(run: AttackRun, connections: number, streams: number) {
  const { authorization, grpc } = run.target;
  await together(connections, async () => {
    const session = await openSession(grpc);
    if (session === undefined) return;
    const open = Array.from({ length: streams }, () => {
      const stream = session.request({ ":method": "POST", te: "trailers", ...GRPC, authorization });
      stream.on("error", () => {});
      stream.on("response", ({ "grpc-status": status }) => run.end(`status ${status}`));
      stream.resume();
      stream.write(partOfMessage(31 * MIB, 32 * 1024));
      run.count();
      return stream;
    });
    while (!run.isOver) {
      await delay(TRICKLE_MS);
      for (const stream of open) if (stream.writable) stream.write("x");
    }
    session.destroy();
  });
}

/** The same over HTTP/1.1: headers that never end, and bodies that never do. */
async function trickleOverHttp(run: AttackRun, connections: number): Promise<void> {
  const { authorization, http: url } = run.target;
  const heads = [
    `POST ${GENERATE} HTTP/1.1\r\nhost: localhost\r\nx-slow: `,
    `POST ${GENERATE} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: ${authorization}\r\ncontent-length: 1000000\r\n\r\n{`,
    `POST ${GENERATE} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
  ];
  const open: RawConnection[] = [];
  for (let index = 0; index < connections && !run.isOver; index++) {
    const connection = new RawConnection(url);
    open.push(connection);
    run.count();
    if (await connection.opened()) await connection.write(heads[index % heads.length] ?? "", 10);
  }
  while (!run.isOver) {
    await delay(TRICKLE_MS);
    for (const connection of open) await connection.write(" ", 1);
  }
  for (const connection of open) {
    if (connection.isClosed) run.end("connection ended");
    connection.close();
  }
}

export const BODIES: readonly Attack[] = [
  {
    name: "keyless-bodies",
    cases: ["X1"],
    about: "2 MB each without a key, and 2 KB that inflate to as much, on both ports",
    seconds: 3,
    prepare() {
      const plain = Buffer.alloc(2 * MIB, 0x20);
      const bodies = [plain, plain, gzipSync(plain), gzipSync(plain)];
      return (run) => callWithoutKey(run, bodies);
    },
    wrong: onlyEnds("UNAUTHENTICATED", "connection ended", "closed", "reset"),
  },
  {
    name: "slow-bodies",
    cases: ["X1"],
    about:
      "400 requests over gRPC and 600 over HTTP/1.1 that go on by a byte, with a key and without",
    seconds: 3,
    longSeconds: 90,
    prepare: () => async (run) => {
      await Promise.all([trickleOverGrpc(run, 4, 100), trickleOverHttp(run, 600)]);
    },
  },
];
