// Short forms of history entries: one stream whose answer has two tokens.
import type { HistoryEntry, LoggedEvent, SeenBody } from "./history.ts";

export const streamId = "s.one";
export const stream = { at: 0, streamId };
export const other: SeenBody = { type: "other" };
export const text = (of: string): SeenBody => ({ type: "text", text: of });
export const complete = (of: string): SeenBody => ({ type: "complete", text: of });

export function seen(
  consumer: string,
  sequence: number,
  body: SeenBody = other,
  more: Partial<LoggedEvent & { readonly isUndurable: boolean }> = {},
): HistoryEntry {
  const event = { ...stream, consumer, sequence, writer: 7, digest: `d${sequence}`, body };
  return { type: "event", isUndurable: false, ...event, ...more };
}

export function stored(first: number, last: number, writer = 7): HistoryEntry {
  return { ...stream, type: "append", writer, first, last, answer: "stored" };
}

export function log(events: readonly (readonly [writer: number, digest: string])[]): HistoryEntry {
  return {
    ...stream,
    type: "log",
    key: "k",
    generation: "g",
    phase: "completed",
    graceMs: 2_000,
    events: events.map(([writer, digest], index) => ({ sequence: index + 1, writer, digest })),
  };
}

export const begin: HistoryEntry = { at: 0, type: "begin", consumer: "a", key: "k", tokens: 2 };
export const end: HistoryEntry = {
  ...stream,
  at: 90_000,
  type: "end",
  consumer: "a",
  outcome: "finished",
  code: "OK",
  reason: "",
};
export const loss: HistoryEntry = { at: 0, type: "rollback", streams: [{ streamId, tail: 1 }] };
export const claim = (epoch: number, writer: number, tail: number): HistoryEntry => {
  return { ...stream, type: "claim", epoch, writer, tail };
};
const answers = ["<k:0> ", "<k:1> "] as const;
export const [t0, t1] = answers;
export const three = [
  [7, "d1"],
  [7, "d2"],
  [7, "d3"],
] as const;
export const running = (
  at: number,
  tail: number,
  isOrphan: boolean,
  isWhole = false,
): HistoryEntry => {
  return { type: "running", at, streamId, tail, isOrphan, isWhole };
};
export const calm: HistoryEntry = { at: 0, type: "calm" };
export const call = (at: number, phase: "opened" | "closed"): HistoryEntry => {
  return { at, type: "call", phase, call: 1, key: "k", run: 1 };
};
export const attach = (at: number, type: "attach" | "detach"): HistoryEntry => {
  return { at, type, consumer: "a", streamId };
};
export const kept = (at: number, isExpired: boolean): HistoryEntry => ({
  at,
  type: "kept",
  streamId,
  phase: "completed",
  endedAt: 0,
  isExpired,
  retentionMs: 1_000,
  tombstoneMs: 1_000,
});
export const counts = (ended: number, live = 1) => ({ ended, running: live });
export const held = (when: "before" | "after", timers: number): HistoryEntry => {
  return { at: 0, type: "resources", when, held: { timers } };
};
