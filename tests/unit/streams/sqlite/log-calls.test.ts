import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../../../../src/store/sqlite/database.ts";
import { createLogCalls } from "../../../../src/streams/sqlite/log-calls.ts";
import { STREAM_SCHEMA } from "../../../../src/streams/sqlite/schema.ts";
import { createStreamTable } from "../../../../src/streams/sqlite/stream-table.ts";
import type { Ending, NewStream, StreamProgress } from "../../../../src/streams/stream-record.ts";
import { beginning, newStream, success } from "../../../support/stored-streams.ts";

const MOMENT = { now: 1_000, sessions: ["session-a"] };
/** More than a file of 1 MiB has room for, and than what it keeps for last events. */
const LARGE = new Uint8Array(1024 * 1024);
const FULL = expect.objectContaining({ trouble: { cause: "full", code: "" } });

let folder: string;
let calls: ReturnType<typeof open>;

function open(path: string) {
  const db = openDatabase({ path, maxBytes: 1024 * 1024, schemas: [STREAM_SCHEMA] });
  return { ...createLogCalls(db, createStreamTable(db)), db };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "steer-calls-"));
  calls = open(join(folder, "streams.db"));
});
afterEach(() => {
  calls.db.close();
  rmSync(folder, { recursive: true });
});

function append(
  stream: NewStream,
  events: Uint8Array,
  more: { readonly progress?: StreamProgress; readonly ending?: Ending } = {},
) {
  const { streamId, token } = stream;
  return calls.append(MOMENT, {
    streamId,
    token,
    batch: { first: 2, last: 2, writer: token.nonce, events },
    bytes: events.length,
    firstContent: 0,
    ending: undefined,
    progress: undefined,
    ...more,
  });
}

describe("a file with a bound", () => {
  it.each<[string, Partial<NewStream>]>([
    ["a start", { start: LARGE }],
    ["a request", { request: LARGE }],
    ["details", { progress: { provider: "p", details: LARGE } }],
  ])("refuses a stream with %s that it has no room for, before it writes any of it", (_, parts) => {
    const stream = newStream(parts);
    expect(() => calls.create(MOMENT, stream)).toThrow(FULL);
    expect(calls.read(MOMENT, stream.streamId, beginning, 1)).toEqual({ state: "gone" });
    expect(calls.create(MOMENT, { ...newStream(), request: undefined })).toEqual({
      state: "created",
    });
  });

  it("refuses events and details that it has no room for, and takes others", () => {
    const stream = newStream();
    calls.create(MOMENT, stream);
    const details = { progress: { provider: "p", details: LARGE } };
    expect(() => append(stream, LARGE)).toThrow(FULL);
    expect(() => append(stream, new Uint8Array(1), details)).toThrow(FULL);
    expect(append(stream, new Uint8Array(1))).toEqual({
      state: "stored",
      tail: 2,
      cancel: undefined,
    });
    calls.check(MOMENT);
  });

  it("lets the longest ended go for what is new", () => {
    const streams = Array.from({ length: 6 }, () =>
      newStream({ start: new Uint8Array(150 * 1024), request: undefined }),
    );
    for (const stream of streams) {
      expect(calls.create(MOMENT, stream)).toEqual({ state: "created" });
      append(stream, new Uint8Array(1), { ending: success });
    }
    const states = streams.map(({ streamId }) => calls.read(MOMENT, streamId, beginning, 1).state);
    expect(states[0]).toBe("expired");
    expect(states.at(-1)).toBe("read");
    expect(states).toEqual(states.toSorted());
  });
});
