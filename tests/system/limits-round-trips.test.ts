// What the limits of a caller cost a call at Redis: steps of the store, seen by Redis itself.
import { createHash } from "node:crypto";
import { createClient } from "@redis/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { eventually, type Stack } from "../support/stack.ts";
import { script, startTargets, through } from "../support/targets.ts";

/** Steps that no call waits for: the signs of life, the reapers, the feeds and the ledger. */
const BACKGROUND = new Set([
  "check",
  "open_session",
  "put_snapshot",
  "snapshots",
  "orphans",
  "reap",
  "changes",
  "note_uses",
  "ledger_apply",
  "ledger_tidy",
]);
const LIMITS = {
  requests: "1000/m",
  burst: "100/s",
  tokens: "1000000/m",
  concurrency: 9,
  spend: { month: "USD 100" },
  allow_unpriced: true,
};

const keyOf = (id: string) => ({
  id,
  role: "caller",
  key_sha256: createHash("sha256").update(`key-of-${id}`).digest("hex"),
});

let redis: RedisServer;
let stack: Stack;
let monitor: ReturnType<typeof createClient>;
/** The functions of Redis that were called, without those of the background. */
let steps: string[] = [];

beforeAll(async () => {
  redis = await startRedis();
  const callers = [keyOf("plain"), { ...keyOf("limited"), limits: LIMITS }];
  stack = await startTargets({ callers }, { STEER_STREAM_STORE: redis.url });
  monitor = createClient({ url: redis.url });
  await monitor.connect();
  await monitor.monitor((line) => {
    const [, name] = /"FCALL" "steer_[0-9a-f]+_(\w+)"/.exec(String(line)) ?? [];
    if (name !== undefined && !BACKGROUND.has(name)) steps.push(name);
  });
  // The first call of all loads the functions.
  await stepsOf("limited", "the-first");
});

afterAll(async () => {
  monitor.destroy();
  await stack[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

/** The steps of a call, up to the end of its stream and its settlement. */
async function stepsOf(caller: string, requestId: string): Promise<readonly string[]> {
  steps = [];
  const { streamGenerate } = GenerationService.method;
  const request = { spec: through({ a: script({ text: "one two three" }) }), requestId };
  const options = { metadata: { authorization: `Bearer key-of-${caller}` } };
  for await (const _ of stack.client.stream(streamGenerate, request, options));
  const last = caller === "limited" ? ["finish", "settle"] : ["finish"];
  await eventually(() => last.every((name) => steps.includes(name)));
  return steps;
}

/** The steps from the arrival of a call to the creation of its stream, one after another. */
const untilCreated = (all: readonly string[]): readonly string[] =>
  all.slice(0, all.indexOf("create") + 1);

it.each([
  { kind: "without a request_id", key: "", first: [] },
  { kind: "with a request_id", key: "the-same", first: ["find"] },
])("a limited call waits for one step more than a free one, $kind", async ({ key, first }) => {
  const free = await stepsOf("plain", key && `${key}-plain`);
  expect(untilCreated(free)).toEqual([...first, "create"]);
  const limited = await stepsOf("limited", key && `${key}-limited`);
  expect(untilCreated(limited)).toEqual([...first, "reserve", "create"]);
  // No call waits for its settlement, and there is one for all of its limits.
  const ofLimits = limited.filter((name) => /^(reserve|extend|settle|move)$/.test(name));
  expect(ofLimits).toEqual(["reserve", "settle"]);
});
