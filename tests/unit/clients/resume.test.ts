import { describe, expect, it } from "vitest";
import { type Reconnect, readStream } from "../../../clients/typescript/resume.ts";
import { Code, SteerError } from "../../../clients/typescript/steer-error.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { playCalls, type ResumeVector, resumeVectors } from "../../support/resume-vectors.ts";

class Stopped extends Error {}

interface Told {
  readonly applied: number[];
  readonly outcome: ResumeVector["outcome"];
  readonly waits: number[];
  readonly reconnects: Reconnect[];
}

function outcomeOf(error: unknown, how: string | undefined): ResumeVector["outcome"] {
  if (error instanceof Stopped) return { ended: how === "deadline" ? "deadline" : "cancelled" };
  if (!(error instanceof SteerError)) throw error;
  const code = Object.entries(Code).find(([, value]) => value === error.code)?.[0];
  return { ended: "error", code: code as keyof typeof Code, reason: error.reason };
}

/** Reads a vector to its end, with time that passes at once. */
async function run(vector: ResumeVector): Promise<Told & ReturnType<typeof playCalls>> {
  const { stop, cursor } = vector;
  const controller = new AbortController();
  const abort = (): void => controller.abort(new Stopped());
  const applied: number[] = [];
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
  const from = cursor && { ...cursor, streamId: cursor.stream_id };
  let outcome: ResumeVector["outcome"] = { ended: "complete" };
  const onReconnect = (reconnect: Reconnect): void => void reconnects.push(reconnect);
  const options = { runtime, silenceMs: 0, signal: controller.signal, onReconnect };
  try {
    for await (const { sequence } of readStream(calls, options, from)) {
      applied.push(sequence);
      if (stop?.how === "leave" && stop.after_sequence === sequence) {
        outcome = { ended: "left" };
        break;
      }
    }
  } catch (error) {
    outcome = outcomeOf(error, stop?.how);
    if (error instanceof SteerError) {
      expect(error.cursor?.sequence).toBe(applied.at(-1) ?? cursor?.sequence ?? 0);
    }
  }
  expect(clock.pendingTimers).toBe(0);
  return { ...calls, applied, outcome, waits, reconnects };
}

describe("A-69: the reader of a stream, by the vectors", () => {
  it.each(resumeVectors().map((vector) => [vector.name, vector] as const))(
    "%s",
    async (_, vector) => {
      const told = await run(vector);
      expect(told.made).toEqual(
        vector.calls.map(({ method, stream_id, last_sequence, last_writer }) =>
          method === "StreamGenerate"
            ? { method }
            : { method, stream_id, last_sequence, last_writer },
        ),
      );
      expect(told.applied).toEqual(vector.applied);
      expect(told.outcome).toMatchObject(vector.outcome);
      expect(told.waits).toEqual(vector.waits_ms);
      expect(told.cancelled).toEqual(vector.calls.map(({ cancelled }) => cancelled ?? false));
      expect(told.reconnects.map(({ waitMs }) => waitMs)).toEqual(vector.waits_ms);
    },
  );
});
