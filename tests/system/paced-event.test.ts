// What one event costs that comes alone, as the tokens of a model do. Counted, because times depend on the machine.
import type { ServerResponse } from "node:http";
import { type ClientHttp2Stream, connect } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { StreamGenerateRequestSchema } from "../../gen/es/steer/v1/generation_service_pb.js";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { countResources, INSPECTABLE, type ResourceCounter } from "../support/inspected.ts";
import { startService } from "../support/service.ts";

const ROUNDS = 10;
const EVENTS_A_ROUND = 20;

function delta(content: string): string {
  const chunk = {
    id: "c",
    model: "m",
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

function requestOf(ephemeral: boolean): Buffer {
  const message = toBinary(
    StreamGenerateRequestSchema,
    create(StreamGenerateRequestSchema, {
      spec: { model: "m", prompt: "Hi" },
      options: { ephemeral },
    }),
  );
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Resolves with the DATA frames that bring the text. */
function framesUntil(stream: ClientHttp2Stream, text: string): Promise<number> {
  return new Promise((resolve) => {
    let frames = 0;
    const look = (frame: Buffer): void => {
      frames++;
      if (!frame.includes(text)) return;
      stream.off("data", look);
      resolve(frames);
    };
    stream.on("data", look);
  });
}

/** The least that an event makes: work in the background falls into some of the rounds only. */
async function leastOf(counter: ResourceCounter, send: (text: string) => Promise<number>) {
  const types = ["PROMISE", "Timeout", "Immediate", "TickObject", "WRITEWRAP"];
  const least: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    await counter.take();
    let frames = 0;
    for (let event = 0; event < EVENTS_A_ROUND; event++) {
      frames += await send(`word ${round}.${event}.`);
    }
    const counts: Readonly<Record<string, number>> = { ...(await counter.take()), frames };
    for (const type of ["frames", ...types]) {
      const count = (counts[type] ?? 0) / EVENTS_A_ROUND;
      least[type] = Math.min(least[type] ?? Number.POSITIVE_INFINITY, count);
    }
  }
  return least;
}

it.each(["stored", "ephemeral"])(
  "an event of a stream that is %s takes one write, no timer and no promise",
  { timeout: 120_000 },
  async (kind) => {
    const begun = Promise.withResolvers<ServerResponse>();
    await using upstream = await startHttpUpstream(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(delta("first"));
      begun.resolve(response);
    });
    const service = await startService({
      env: { ...INSPECTABLE, UP_KEY: "key" },
      config: `
providers:
  - {id: up, type: openai, base_url: "${upstream.baseUrl}", api_key_env: UP_KEY}
models:
  - {id: m, provider: up}
`,
    });
    const session = connect(`http://${service.grpc}`);
    try {
      const stream = session.request({
        ":method": "POST",
        ":path": "/steer.v1.GenerationService/StreamGenerate",
        "content-type": "application/grpc",
        te: "trailers",
      });
      const first = framesUntil(stream, "first");
      stream.end(requestOf(kind === "ephemeral"));
      const provider = await begun.promise;
      await first;
      const counter = await countResources(service);
      const send = async (text: string): Promise<number> => {
        const frames = framesUntil(stream, text);
        provider.write(delta(text));
        return frames;
      };
      expect(await leastOf(counter, send)).toEqual({
        frames: 1,
        PROMISE: 0,
        Timeout: 0,
        Immediate: 0,
        TickObject: 2,
        WRITEWRAP: 1,
      });
      counter.close();
      provider.end();
    } finally {
      session.destroy();
      await service.stop();
    }
  },
);
