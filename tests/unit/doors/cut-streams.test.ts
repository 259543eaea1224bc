// A stream that is cut behind any byte and gone on with is the stream that nobody cut, event by event.
import Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import type { StoredEvent } from "../../../src/domain/generation.ts";
import { MessagesStreamEncoder } from "../../../src/doors/anthropic-messages/messages-stream-encoder.ts";
import { ChatStreamEncoder } from "../../../src/doors/openai-chat/chat-stream-encoder.ts";
import { ResponsesStreamEncoder } from "../../../src/doors/openai-responses/responses-stream-encoder.ts";
import { behind, eventPlaceOf } from "../../../src/doors/shared/rest-of-stream.ts";
import type { StreamEncoder } from "../../../src/doors/shared/stream-encoder.ts";
import { answer, eventsOf, generationOf } from "../../support/logged-answers.ts";

const BETWEEN = "\n\n";

function texts(encoder: StreamEncoder, events: readonly StoredEvent[]): string[] {
  return events.map((event) => encoder.encode(event)).filter((text) => text !== "");
}

function eventsIn(text: string): string[] {
  return text.split(BETWEEN).filter((event) => event !== "");
}

async function* each(pieces: readonly string[]): AsyncGenerator<string> {
  yield* pieces;
}

async function joined(pieces: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const piece of pieces) all += piece;
  return all;
}

/** The events that are whole in the first bytes: what a client has when its connection ends there. */
function wholeIn(bytes: Buffer, cut: number): string[] {
  const end = bytes.subarray(0, cut).lastIndexOf(BETWEEN);
  return end < 0 ? [] : eventsIn(bytes.subarray(0, end).toString("utf8"));
}

/** What follows the last event that a reader of each dialect has. */
const RESTS = {
  async Chat(last: string, events: readonly StoredEvent[]): Promise<string> {
    const [, id = ""] = /^id: (\S+)$/m.exec(last) ?? [];
    return joined(behind(each(texts(new ChatStreamEncoder(), events)), eventPlaceOf(id)));
  },
  async Messages(last: string, events: readonly StoredEvent[]): Promise<string> {
    const [, id = ""] = /^id: (\S+)$/m.exec(last) ?? [];
    const all = texts(new MessagesStreamEncoder("req_1"), events);
    return joined(behind(each(all), eventPlaceOf(id)));
  },
  async Responses(last: string, events: readonly StoredEvent[]): Promise<string> {
    const [, number] = /"sequence_number":(\d+)/.exec(last) ?? [];
    return texts(new ResponsesStreamEncoder(Number(number) + 1), events).join("");
  },
} as const;

const ENCODERS = {
  Chat: () => new ChatStreamEncoder(),
  Messages: () => new MessagesStreamEncoder("req_1"),
  Responses: () => new ResponsesStreamEncoder(),
} as const;

type Dialect = keyof typeof ENCODERS;
const DIALECTS = Object.keys(ENCODERS) as Dialect[];

describe.each(DIALECTS)("a stream of %s", (dialect) => {
  it("goes on behind every byte", async () => {
    await fc.assert(
      fc.asyncProperty(answer, async ({ parts, finishReason, step }) => {
        const events = eventsOf(generationOf(parts, finishReason), step);
        const bytes = Buffer.from(texts(ENCODERS[dialect](), events).join(""));
        const all = eventsIn(bytes.toString("utf8"));
        // What comes next is a matter of the last event that is whole.
        const rests = new Map<number, string>();
        for (let cut = 0; cut <= bytes.length; cut++) {
          const had = wholeIn(bytes, cut);
          const last = had.at(-1);
          if (last === undefined || rests.has(had.length)) continue;
          const rest = await RESTS[dialect](last, events);
          rests.set(had.length, rest);
          expect([...had, ...eventsIn(rest)]).toEqual(all);
        }
        expect(rests.size).toBe(all.length);
      }),
      { numRuns: 30 },
    );
  });
});

/** A server whose bytes come in two pieces. */
function cutAt(bytes: Buffer, cut: number): typeof globalThis.fetch {
  return async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        if (cut > 0) controller.enqueue(bytes.subarray(0, cut));
        if (cut < bytes.length) controller.enqueue(bytes.subarray(cut));
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
}

async function readAll(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const event of stream) all.push(event);
  return all;
}

/** The events as the vendor's own client reads them. */
const READERS = {
  async Chat(fetch: typeof globalThis.fetch): Promise<unknown[]> {
    const { chat } = new OpenAI({ apiKey: "unused", fetch, maxRetries: 0 });
    const stream = await chat.completions.create({ model: "m", messages: [], stream: true });
    return readAll(stream);
  },
  async Messages(fetch: typeof globalThis.fetch): Promise<unknown[]> {
    const { messages } = new Anthropic({ apiKey: "unused", fetch, maxRetries: 0 });
    const asked = { model: "m", max_tokens: 1, messages: [], stream: true as const };
    return readAll(await messages.create(asked));
  },
  async Responses(fetch: typeof globalThis.fetch): Promise<unknown[]> {
    const { responses } = new OpenAI({ apiKey: "unused", fetch, maxRetries: 0 });
    return readAll(await responses.create({ model: "m", input: "", stream: true }));
  },
} as const;

describe.each(DIALECTS)("the vendor's client of %s", (dialect) => {
  it("reads the same wherever the bytes are cut", async () => {
    const parts = [{ type: "text", text: "é😀 x" } as const];
    const events = eventsOf(generationOf(parts, "stop"), 50);
    const bytes = Buffer.from(texts(ENCODERS[dialect](), events).join(""));
    const whole = JSON.stringify(await READERS[dialect](cutAt(bytes, bytes.length)));
    expect(whole).toContain("é😀 x");
    const differing: number[] = [];
    for (let cut = 1; cut < bytes.length; cut++) {
      const read = JSON.stringify(await READERS[dialect](cutAt(bytes, cut)));
      if (read !== whole) differing.push(cut);
    }
    expect(differing).toEqual([]);
  });
});
