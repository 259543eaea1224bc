// The codec of appends and their answers, which are in the path of every event.
import type { CallCodec } from "../../store/hosted/codec.ts";
import { type Frame, type FrameWriter, MalformedFrame } from "../../store/hosted/frames.ts";
import type { CancelReason, Ending, EndPhase, StreamProgress } from "../stream-record.ts";
import type { Append, AppendResult } from "../stream-store.ts";
import { readBatch, writeBatch } from "./batch-codec.ts";

const PHASES: readonly EndPhase[] = ["completed", "failed", "cancelled"];
const CANCELS: readonly CancelReason[] = ["caller", "operator", "disconnect", "revoked"];
const STATES: readonly AppendResult["state"][] = [
  "stored",
  "repeated",
  "overlap",
  "gap",
  "fenced",
  "closed",
  "gone",
];
/** Instead of an index: there is no value. */
const NONE = 255;

function writeIndex<T>(to: FrameWriter, values: readonly T[], value: T | undefined): void {
  to.u8(value === undefined ? NONE : values.indexOf(value));
}

function readIndex<T>(from: Frame, values: readonly T[]): T | undefined {
  const index = from.u8();
  if (index !== NONE && index >= values.length) throw new MalformedFrame(`no value ${index}`);
  return values[index];
}

const ENDING = 1;
const FREES_KEY = 2;
const UNUSED = 4;
const PROGRESS = 8;

function flagsOf(ending: Ending | undefined, progress: StreamProgress | undefined): number {
  return (
    (ending === undefined ? 0 : ENDING) +
    (ending?.freesKey === true ? FREES_KEY : 0) +
    (ending?.isUnused === true ? UNUSED : 0) +
    (progress === undefined ? 0 : PROGRESS)
  );
}

function readEnding(from: Frame, flags: number): Ending | undefined {
  if ((flags & ENDING) === 0) return undefined;
  const phase = readIndex(from, PHASES);
  if (phase === undefined) throw new MalformedFrame("an ending has no phase");
  const freesKey = (flags & FREES_KEY) !== 0;
  return { phase, freesKey, ...((flags & UNUSED) !== 0 && { isUnused: true }) };
}

function writeAppend(to: FrameWriter, append: Append): void {
  const { streamId, token, batch, firstContent, ending, progress } = append;
  to.text(streamId);
  to.number(token.epoch);
  to.number(token.nonce);
  writeBatch(to, batch);
  to.number(firstContent);
  to.u8(flagsOf(ending, progress));
  if (ending !== undefined) writeIndex(to, PHASES, ending.phase);
  if (progress === undefined) return;
  to.text(progress.provider);
  to.bytes(progress.details);
}

function readAppend(from: Frame): Append {
  const streamId = from.text();
  const token = { epoch: from.number(), nonce: from.number() };
  const batch = readBatch(from);
  const firstContent = from.number();
  const flags = from.u8();
  const ending = readEnding(from, flags);
  // A store keeps the details, and copies the events.
  const progress =
    (flags & PROGRESS) === 0
      ? undefined
      : { provider: from.text(), details: Uint8Array.from(from.view()) };
  return { streamId, token, batch, firstContent, ending, progress };
}

function writeResult(to: FrameWriter, result: AppendResult): void {
  writeIndex(to, STATES, result.state);
  to.number("tail" in result ? result.tail : 0);
  writeIndex(to, CANCELS, "cancel" in result ? result.cancel : undefined);
}

function readResult(from: Frame): AppendResult {
  const state = readIndex(from, STATES);
  const tail = from.number();
  const cancel = readIndex(from, CANCELS);
  switch (state) {
    case "stored":
    case "repeated":
      return { state, tail, cancel };
    case "overlap":
    case "gap":
    case "closed":
      return { state, tail };
    case "fenced":
    case "gone":
      return { state };
    case undefined:
      throw new MalformedFrame("an answer to an append has no state");
  }
}

export const appendCodec: CallCodec<readonly [Append], AppendResult> = {
  args: {
    write: (to, [append]) => writeAppend(to, append),
    read: (from) => [readAppend(from)],
  },
  answer: { write: writeResult, read: readResult },
};
