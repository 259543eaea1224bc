// Reflection and health, which ask for no key.
import { setTimeout as delay } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { ServerReflectionRequestSchema } from "../../../gen/service/grpc/reflection/v1/reflection_pb.ts";
import { type Attack, type AttackRun, together } from "../attack.ts";
import { openSession, withSessions } from "../connections.ts";
import { envelope } from "../send.ts";

const REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const WATCH = "/grpc.health.v1.Health/Watch";
const CHECK = "/grpc.health.v1.Health/Check";
const QUESTIONS = 5_000;
/** As many streams at once as a connection may have. */
const STREAMS = 1_000;

function question(symbol: string): Buffer {
  const messageRequest = { case: "fileContainingSymbol", value: symbol } as const;
  const schema = ServerReflectionRequestSchema;
  return envelope(toBinary(schema, create(schema, { messageRequest })));
}

const headersOf = (path: string) => ({
  ":method": "POST",
  ":path": path,
  te: "trailers",
  "content-type": "application/grpc",
});

/** Streams that are opened together, each with these bytes, and read or not, for so long as the run lasts. */
async function openMany(run: AttackRun, path: string, count: number, sent: Buffer, reads: boolean) {
  const window = reads ? 65_535 : 0;
  const session = await openSession(run.target.grpc, { settings: { initialWindowSize: window } });
  if (session === undefined) return;
  const closed = Array.from({ length: count }, () => {
    const stream = session.request(headersOf(path));
    run.count();
    stream.on("error", () => {});
    if (reads) stream.resume();
    // A call that takes one request begins with the end of it.
    if (path === REFLECTION) stream.write(sent);
    else stream.end(sent);
    return new Promise<void>((resolve) => stream.once("close", resolve));
  });
  const all = Promise.all(closed);
  const over = delay(run.leftMs, undefined, { ref: false });
  if (reads) await Promise.race([all, over]);
  else await over;
  if (session.destroyed) run.end("connection ended");
  session.destroy();
}

export const OPEN_SERVICES: readonly Attack[] = [
  {
    name: "reflection",
    cases: ["X2"],
    about: "8 connections, each with 20 streams of 5,000 queries, of which half read nothing",
    seconds: 3,
    prepare() {
      const all = Buffer.concat(Array(QUESTIONS).fill(question("steer.v1.GenerationService")));
      return (run) =>
        together(8, async (index) => {
          while (!run.isOver) await openMany(run, REFLECTION, 20, all, index % 2 === 0);
        });
    },
  },
  {
    name: "health",
    cases: ["X2"],
    about: "4,000 watchers and as many checks as there can be, of which half read nothing",
    seconds: 3,
    prepare() {
      const empty = envelope(Buffer.alloc(0));
      return async (run) => {
        const watchers = together(4, (index) => openMany(run, WATCH, STREAMS, empty, index > 1));
        const unread = together(2, () => openMany(run, CHECK, STREAMS, empty, false));
        const checks = together(2, () =>
          withSessions(run, async (session) => {
            const streams = Array.from({ length: 100 }, () => {
              const stream = session.request(headersOf(CHECK));
              run.count();
              stream.on("error", () => {});
              stream.resume();
              stream.end(empty);
              return new Promise((resolve) => stream.once("close", resolve));
            });
            await Promise.all(streams);
          }),
        );
        await Promise.all([watchers, unread, checks]);
      };
    },
  },
];
