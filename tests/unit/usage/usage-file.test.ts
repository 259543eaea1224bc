import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Attempt } from "../../../src/domain/generation.ts";
import { UsageFile } from "../../../src/usage/usage-file.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { eventually } from "../../support/stack.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "steer-usage-"));
  path = join(folder, "usage.jsonl");
});

afterEach(() => rmSync(folder, { recursive: true }));

const ATTEMPT: Attempt = {
  provider: "p",
  model: "m",
  index: 1,
  trigger: "initial",
  outcome: "succeeded",
  startTimeMs: 0,
  durationMs: 1,
  delayMs: 0,
  delayFromProvider: false,
  outputDelivered: false,
};

function setUp(maxPendingBytes?: number, at: string | undefined = path) {
  const clock = createManualClock();
  const failures: string[] = [];
  const onFailure = (code: string): void => void failures.push(code);
  const bound = maxPendingBytes === undefined ? {} : { maxPendingBytes };
  let dropped = 0;
  const onDropped = (): void => void dropped++;
  const file = new UsageFile({ clock, path: at, onFailure, onDropped, ...bound });
  const record = (generationId: string): void =>
    file.record({
      type: "attempt",
      generationId,
      caller: "alice",
      labels: {},
      stream: false,
      attempt: ATTEMPT,
    });
  return { clock, failures, file, record, dropped: () => dropped };
}

function linesOf(name: string): Record<string, unknown>[] {
  if (!existsSync(name)) return [];
  const lines = readFileSync(name, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

it("writes one line for each record, and all of them before it is closed", async () => {
  const { file, record } = setUp();
  for (let each = 0; each < 100; each++) record(`g${each}`);
  await file.close();
  const lines = linesOf(path);
  expect(lines.map(({ generation_id }) => generation_id)).toEqual(
    Array.from({ length: 100 }, (_, each) => `g${each}`),
  );
  expect(lines[0]).toMatchObject({
    time_ms: 1_790_000_000_000,
    type: "attempt",
    caller: "alice",
    outcome: "succeeded",
  });
  expect(lines.some((line) => "dropped_records" in line)).toBe(false);
});

it("drops what does not fit into its bound, and the next line says how many", async () => {
  const { file, record, dropped } = setUp(500);
  // Nothing reaches the disk within one turn of the event loop.
  for (let each = 0; each < 50; each++) record(`g${each}`);
  expect(dropped()).toBeGreaterThan(40);
  await eventually(() => linesOf(path).length === 50 - dropped());
  record("later");
  record("last");
  await file.close();
  const [later, last] = linesOf(path).slice(-2);
  expect(later).toMatchObject({ generation_id: "later", dropped_records: dropped() });
  // It is told once.
  expect(last).toMatchObject({ generation_id: "last" });
  expect(last).not.toHaveProperty("dropped_records");
});

it("holds eight MiB that wait for the disk, unless another bound is given", async () => {
  const { file, record, dropped } = setUp();
  const lineBytes = 1024 * 1024;
  for (let each = 0; each < 20; each++) record("g".repeat(lineBytes));
  // The line that crosses the bound is still taken: lines of 1 MiB and some more.
  expect(20 - dropped()).toBe(8);
  await file.close();
});

it("writes nothing without a path, until one is given, and nothing after its end", async () => {
  const { file, record, dropped } = setUp(undefined, "");
  file.reopen(undefined);
  record("a");
  file.reopen(path);
  record("b");
  await file.close();
  record("c");
  expect(linesOf(path).map(({ generation_id }) => generation_id)).toEqual(["b"]);
  expect(dropped()).toBe(0);
});

it("tries a failed file again after five seconds, and no sooner", async () => {
  mkdirSync(path);
  const { clock, failures, file, record } = setUp();
  record("a");
  await eventually(() => failures.length === 1);
  await clock.advance(4_999);
  record("b");
  rmSync(path, { recursive: true });
  record("c");
  await clock.advance(1);
  record("d");
  await file.close();
  expect(linesOf(path)).toMatchObject([{ generation_id: "d", dropped_records: 3 }]);
});

it("tries another path at once", async () => {
  mkdirSync(path);
  const { failures, file, record } = setUp();
  record("a");
  await eventually(() => failures.length === 1);
  file.reopen(`${path}.2`);
  record("b");
  await file.close();
  expect(linesOf(`${path}.2`)).toMatchObject([{ generation_id: "b" }]);
});

it("waits no longer than a second for a disk at the end", async () => {
  const fifo = join(folder, "fifo");
  execFileSync("mkfifo", [fifo]);
  const { clock, file, record } = setUp(undefined, fifo);
  record("a");
  let isClosed = false;
  const closing = file.close().then(() => {
    isClosed = true;
  });
  try {
    await clock.advance(999);
    expect(isClosed).toBe(false);
    await clock.advance(1);
    await closing;
  } finally {
    // The opening of the file waits for a reader.
    await readFile(fifo);
  }
});

it("leaves no timer behind its end", async () => {
  const { clock, file, record } = setUp();
  record("a");
  await file.close();
  expect(clock.pendingTimers).toBe(0);
});

it("tells once of a file that cannot be written, and tries it again later", async () => {
  mkdirSync(path);
  const { clock, failures, file, record, dropped } = setUp();
  record("a");
  await eventually(() => failures.length > 0);
  record("b");
  expect(failures).toEqual(["EISDIR"]);
  rmSync(path, { recursive: true });
  await clock.advance(5_000);
  await eventually(() => dropped() === 2);
  record("c");
  await file.close();
  expect(linesOf(path)).toMatchObject([{ generation_id: "c", dropped_records: 2 }]);
});

it("goes on in a new file when the old one was moved away", async () => {
  const { file, record } = setUp();
  record("a");
  await eventually(() => linesOf(path).length === 1);
  renameSync(path, `${path}.1`);
  file.reopen(path);
  record("b");
  await file.close();
  expect(linesOf(`${path}.1`)).toMatchObject([{ generation_id: "a" }]);
  expect(linesOf(path)).toMatchObject([{ generation_id: "b" }]);
});
