import { describe, expect, it } from "vitest";
import { type Reconnect, readStream } from "../../../clients/typescript/read-stream.ts";
import {
  resumeStream,
  type StreamReadOptions,
  streamGenerate,
} from "../../../clients/typescript/steer.ts";
import { Code, SteerError } from "../../../clients/typescript/steer-error.ts";
import { MidStreamRecovery } from "../../../gen/es/steer/v1/generation_pb.js";
import { createManualClock } from "../../support/manual-clock.ts";
import { playCalls, type ResumeVector, resumeVectors } from "../../support/resume-vectors.ts";

const STOPPED = new Error("the caller's own");
/** As `AbortSignal.timeout` has it. */
const TIME_IS_UP = new DOMException("", "TimeoutError");

interface Told {
  readonly applied: number[];
  readonly discards: number[];
  readonly outcome: ResumeVector["outcome"];
  readonly waits: number[];
  readonly reconnects: Reconnect[];
}

function outcomeOf(error: unknown, how: string | undefined): ResumeVector["outcome"] {
  if (!(error instanceof SteerError)) throw error;
  if (error.cause === STOPPED || error.cause === TIME_IS_UP) {
    expect(error.code).toBe(how === "deadline" ? Code.DEADLINE_EXCEEDED : Code.CANCELLED);
    return { ended: how === "deadline" ? "deadline" : "cancelled" };
  }
  const code = Object.entries(Code).find(([, value]) => value === error.code)?.[0];
  return { ended: "error", code: code as keyof typeof Code, reason: error.reason };
}

/** The stream of a vector, as a caller of the helper has it. */
function streamOf(
  vector: ResumeVector,
  { client }: ReturnType<typeof playCalls>,
  options: StreamReadOptions,
) {
  const { cursor, request, repeatable = true } = vector;
  if (cursor !== undefined) {
    return resumeStream(client, { ...cursor, streamId: cursor.stream_id }, options);
  }
  const named = request?.mid_stream_recovery ?? "UNSPECIFIED";
  const spec = { model: "m", routing: { midStreamRecovery: MidStreamRecovery[named] } };
  return streamGenerate(client, { spec, options: { ephemeral: !repeatable } }, options);
}

/** Reads a vector to its end, with time that passes at once. */
async function run(vector: ResumeVector): Promise<Told & ReturnType<typeof playCalls>> {
  const { stop, cursor } = vector;
  const controller = new AbortController();
  const abort = (): void => controller.abort(stop?.how === "deadline" ? TIME_IS_UP : STOPPED);
  const applied: number[] = [];
  const discards: number[] = [];
  const waits: number[] = [];
  const reconnects: Reconnect[] = [];
  const calls = playCalls(vector, () => {
    const last = applied.at(-1) ?? 0;
    if (stop?.after_sequence === last && stop.how !== "leave") abort();
  });
  const clock = createManualClock();
  const runtime = {
    now: clock.now,
    random: () => vector.random,
    async sleep(ms: number, signal: AbortSignal): Promise<void> {
      // The wait for a call to end by itself has the call's signal; those of the vectors have ours.
      if (signal !== controller.signal) return clock.sleep(ms, signal);
      waits.push(ms);
      if (stop?.in_wait === waits.length) abort();
      const slept = clock.sleep(ms, signal);
      void clock.advance(ms);
      await slept;
    },
  };
  let outcome: ResumeVector["outcome"] = { ended: "complete" };
  const onReconnect = (reconnect: Reconnect): void => void reconnects.push(reconnect);
  const onDiscard = (): void => void discards.push((applied.at(-1) ?? cursor?.sequence ?? 0) + 1);
  const { signal } = controller;
  const options = { runtime, silenceMs: 0, signal, onReconnect, onDiscard };
  try {
    for await (const { sequence } of streamOf(vector, calls, options)) {
      applied.push(sequence);
      if (stop?.how === "leave" && stop.after_sequence === sequence) {
        outcome = { ended: "left" };
        break;
      }
    }
  } catch (error) {
    outcome = outcomeOf(error, stop?.how);
    const { cursor: reached } = error as SteerError;
    expect(reached?.sequence).toBe(applied.at(-1) ?? cursor?.sequence ?? 0);
  }
  expect(clock.pendingTimers).toBe(0);
  return { ...calls, applied, discards, outcome, waits, reconnects };
}

const EMPTY: ResumeVector = {
  name: "",
  random: 0,
  calls: [],
  applied: [],
  outcome: { ended: "complete" },
  waits_ms: [],
};

const START = { sequence: 1, writer: 7, kind: "start", stream_id: "s.1", resumable: true } as const;

describe("a call that falls silent", () => {
  it("is given up and resumed", async () => {
    const vector: ResumeVector = {
      ...EMPTY,
      calls: [
        { method: "StreamGenerate", events: [START], end: "open" },
        {
          method: "ResumeStream",
          events: [{ sequence: 2, writer: 7, kind: "complete" }],
          end: "ok",
        },
      ],
    };
    const clock = createManualClock();
    const calls = playCalls(vector, () => {});
    const causes: string[] = [];
    const onReconnect = ({ cause }: Reconnect): void => void causes.push(cause.reason);
    const events = readStream(calls, {
      runtime: { ...clock, random: () => 0 },
      silenceMs: 1_000,
      onReconnect,
    });
    await events.next();
    // The consumer is slow; the call is not.
    await clock.advance(5_000);
    const last = events.next();
    await clock.advance(999);
    expect(causes).toEqual([]);
    await clock.advance(1_002);
    expect((await last).value).toMatchObject({ sequence: 2 });
    expect(causes).toEqual(["SILENCE"]);
    await events.next();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a store that goes away", () => {
  it("is told once, and once when it is back", async () => {
    const beat = (isUndurable: boolean) =>
      ({ sequence: 1, writer: 0, kind: "heartbeat", undurable: isUndurable }) as const;
    const vector: ResumeVector = {
      ...EMPTY,
      calls: [
        {
          method: "StreamGenerate",
          events: [
            START,
            beat(false),
            beat(true),
            beat(true),
            beat(false),
            { sequence: 2, writer: 7, kind: "complete" },
          ],
          end: "ok",
        },
      ],
    };
    const told: boolean[] = [];
    const onDurability = (isDurable: boolean): void => void told.push(isDurable);
    const options = { runtime: createManualClock(), silenceMs: 0, onDurability };
    const sequences: number[] = [];
    for await (const { sequence } of readStream(
      playCalls(vector, () => {}),
      options,
    )) {
      sequences.push(sequence);
    }
    expect(told).toEqual([false, true]);
    expect(sequences).toEqual([1, 2]);
  });
});

describe("A-69: the reader of a stream, by the vectors", () => {
  it.each(resumeVectors().map((vector) => [vector.name, vector] as const))(
    "%s",
    async (_, vector) => {
      const told = await run(vector);
      expect(told.made).toEqual(
        vector.calls.map(({ events: _, end: _end, cancelled: _cancelled, ...call }) =>
          expect.objectContaining(call),
        ),
      );
      expect(told.applied).toEqual(vector.applied);
      if (vector.discards !== undefined) expect(told.discards).toEqual(vector.discards);
      expect(told.outcome).toMatchObject(vector.outcome);
      expect(told.waits).toEqual(vector.waits_ms);
      expect(told.cancelled).toEqual(vector.calls.map(({ cancelled }) => cancelled ?? false));
      expect(told.reconnects.map(({ waitMs }) => waitMs)).toEqual(vector.waits_ms);
    },
  );
});

describe("field:E26 text and collect, by the vectors", () => {
  const runtime = () => {
    const clock = createManualClock();
    return { ...clock, random: () => 0, sleep: async () => {} };
  };
  const withText = resumeVectors().filter(
    ({ text, text_error }) => text !== undefined || text_error !== undefined,
  );

  it.each(withText.map((vector) => [vector.name, vector] as const))("%s", async (_, vector) => {
    const read = () =>
      streamOf(
        vector,
        playCalls(vector, () => {}),
        { runtime: runtime(), silenceMs: 0 },
      );
    const { text_error, collect_error = text_error } = vector;
    if (text_error === undefined) expect(await read().text()).toBe(vector.text);
    else await expect(read().text()).rejects.toMatchObject({ reason: text_error });
    if (collect_error !== undefined) {
      await expect(read().collect()).rejects.toMatchObject({ reason: collect_error });
      return;
    }
    const { message, outputText } = await read().collect();
    const texts = message?.parts.map(({ data }) => (data.case === "text" ? data.value.text : ""));
    expect(texts?.join("")).toBe(vector.text);
    expect(outputText).toBe(vector.text);
  });
});
