import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
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

function setUp(maxPendingBytes?: number) {
  const clock = createManualClock();
  const failures: string[] = [];
  const onFailure = (code: string): void => void failures.push(code);
  const bound = maxPendingBytes === undefined ? {} : { maxPendingBytes };
  let dropped = 0;
  const onDropped = (): void => void dropped++;
  const file = new UsageFile({ clock, path, onFailure, onDropped, ...bound });
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
  expect(lines[0]).toMatchObject({ type: "attempt", caller: "alice", outcome: "succeeded" });
});

it("drops what does not fit into its bound, and the next line says how many", async () => {
  const { file, record, dropped } = setUp(500);
  // Nothing reaches the disk within one turn of the event loop.
  for (let each = 0; each < 50; each++) record(`g${each}`);
  expect(dropped()).toBeGreaterThan(40);
  await eventually(() => linesOf(path).length === 50 - dropped());
  record("later");
  await file.close();
  expect(linesOf(path).at(-1)).toMatchObject({
    generation_id: "later",
    dropped_records: dropped(),
  });
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
