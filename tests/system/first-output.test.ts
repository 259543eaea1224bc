import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createGrpcClient } from "../../clients/typescript/grpc.ts";
import { resumeStream, streamGenerate } from "../../clients/typescript/steer.ts";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { isDiscard, readingOf } from "../support/discard-scenes.ts";
import type { Stack } from "../support/stack.ts";
import {
  CALM,
  resetTargets,
  type SpecInit,
  script,
  startTargets,
  through,
} from "../support/targets.ts";

const OLD = "alpha alpha alpha alpha alpha alpha";
const NEW = "bravo bravo bravo bravo";
const OUTPUT = new Set(["textDelta", "partEnd"]);
/** Kept out of the last event, so that a reader needs the events. */
const options = { omitFinalMessage: true, includeUsage: true };

let stack: Stack;
let client: ReturnType<typeof createGrpcClient>;

beforeAll(async () => {
  stack = await startTargets(CALM);
  client = createGrpcClient({ address: stack.service.grpc });
});

beforeEach(() => resetTargets(stack));

afterAll(async () => {
  client.close();
  await stack[Symbol.asyncDispose]();
});

/** So many targets fail in the middle of their text, and the next one has the answer. */
function discarding(times: number): SpecInit {
  const failed = () => script({ text: OLD }, { error_at: 3 });
  const before = Array.from({ length: times }, (_, index) => ["abcd"[index], failed()] as const);
  const scripts = { ...Object.fromEntries(before), ["abcd"[times] ?? ""]: script({ text: NEW }) };
  return through(scripts, { retry: { maxAttempts: 1 } });
}

async function eventsOf(spec: SpecInit): Promise<readonly StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of streamGenerate(client, { spec, options })) events.push(event);
  return events;
}

/** The reader that goes on behind this event. */
function readerBehind(streamId: string, sequence: number, writer: number) {
  return resumeStream(client, { streamId, sequence, writer });
}

function streamIdOf([start]: readonly StreamEvent[]): string {
  return start?.event.case === "start" ? start.event.value.streamId : "";
}

describe("a reader that begins at any event of a stream without its last message", () => {
  it.each([0, 1, 2])("has the whole text or an error, with %i discards", async (times) => {
    const events = await eventsOf(discarding(times));
    expect(events.filter(isDiscard)).toHaveLength(times);
    const lastDiscard = events.findLastIndex(isDiscard);
    const first = events.findIndex(
      ({ event }, index) => index > lastDiscard && OUTPUT.has(event.case ?? ""),
    );
    const firstOutputSequence = events[first]?.sequence ?? 0;
    expect(events.at(-1)?.event).toMatchObject({ value: { firstOutputSequence } });
    for (const { sequence, writer } of events) {
      const read = () => readerBehind(streamIdOf(events), sequence, writer);
      if (sequence < firstOutputSequence) {
        expect(await read().text()).toBe(NEW);
        expect(await read().collect()).toMatchObject({ outputText: NEW });
      } else {
        const reason = "OUTPUT_INCOMPLETE";
        await expect(read().text()).rejects.toMatchObject({ reason });
        await expect(read().collect()).rejects.toMatchObject({ reason });
      }
    }
  });

  it("has the whole text from the position that OUTPUT_DISCARDED names", async () => {
    const events = await eventsOf(discarding(1));
    const streamId = streamIdOf(events);
    const [start, delta] = events;
    expect(start?.event.case).toBe("start");
    const lastSequence = events.find(({ event }) => event.case === "textDelta")?.sequence ?? 0;
    const stub = await readingOf(
      stack.client.stream(GenerationService.method.resumeStream, { streamId, lastSequence }),
    );
    expect(stub.reason).toBe("OUTPUT_DISCARDED");
    const { sequence = 0, writer = 0 } = stub.behind ?? {};
    expect(sequence).toBeGreaterThan(delta?.sequence ?? 0);
    expect(await readerBehind(streamId, sequence, writer).text()).toBe(NEW);
  });
});
