// Attempts on the time line of their stream.
import type { StreamState } from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import type { Attempt } from "@steer-gateway/stubs/steer/v1/error_pb.js";
import { toMs, toTime } from "../../parts/formats.ts";

/** A part of the time line, in percent of its length. */
export interface Bar {
  readonly type: "delay" | "waiting" | "output";
  readonly from: number;
  readonly width: number;
}

export interface AttemptBars {
  readonly attempt: Attempt;
  readonly bars: readonly Bar[];
}

export interface TimeLine {
  readonly beginMs: number;
  readonly lengthMs: number;
}

/** From the acceptance of the generation to its end, or to now. */
export function timeLineOf(stream: StreamState, nowMs: number): TimeLine {
  const beginMs = toTime(stream.createTime) ?? nowMs;
  const endMs = toTime(stream.endTime) ?? Math.max(nowMs, toTime(stream.updateTime) ?? 0);
  return { beginMs, lengthMs: Math.max(endMs - beginMs, 1) };
}

export function attemptBars(attempt: Attempt, { beginMs, lengthMs }: TimeLine): AttemptBars {
  const startMs = toTime(attempt.startTime);
  if (startMs === undefined) return { attempt, bars: [] };
  const endMs = attempt.duration && startMs + (toMs(attempt.duration) ?? 0);
  const firstMs = attempt.timeToFirstToken && startMs + (toMs(attempt.timeToFirstToken) ?? 0);
  const lastMs = endMs ?? beginMs + lengthMs;
  const place = (ms: number): number =>
    Math.min(100, Math.max(0, ((ms - beginMs) / lengthMs) * 100));
  const bar = (type: Bar["type"], fromMs: number, toMsEnd: number): Bar => {
    const from = place(fromMs);
    return { type, from, width: Math.max(place(toMsEnd) - from, 0) };
  };
  const delayMs = toMs(attempt.delay) ?? 0;
  return {
    attempt,
    bars: [
      bar("delay", startMs - delayMs, startMs),
      bar("waiting", startMs, firstMs ?? lastMs),
      ...(firstMs === undefined ? [] : [bar("output", firstMs, lastMs)]),
    ],
  };
}
