// One caller's schemas backtrack without end, and the calls of another are served as if they did not.
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InvalidOutputAction } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import {
  type CallOptions,
  createGrpcClient,
  type GrpcClient,
  gatewayErrorOf,
} from "../support/grpc-client.ts";
import { requestRaw } from "../support/raw-http.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const { generate, streamGenerate } = GenerationService.method;

const CLIENTS = 40;
/** Calls of the other caller, one after the other. */
const CALLS = 60;
const TRIES = 10;
/** The other caller's slow calls may take so many times as long as without the attack. */
const MOST_TIMES = 3;
/** Less than this is the machine's own noise. */
const NOISE_MS = 25;
/** A client's pause after each call: what calls cost beside their check is not what this is about. */
const PAUSE_MS = 400;
const LIVE_MS = 100;

const keyOf = (id: string): string => `key-of-${id}`;
const as = (id: string): CallOptions => ({ metadata: { authorization: `Bearer ${keyOf(id)}` } });

function callerEntry(id: string): string {
  const hash = createHash("sha256").update(keyOf(id)).digest("hex");
  return `{id: ${id}, role: caller, key_sha256: ${hash}}`;
}

const CONFIG = `callers: [${callerEntry("evil")}, ${callerEntry("good")}]\n`;

/** A call whose answer is this value, and whose result is checked by this schema. */
function specOf(
  schema: unknown,
  value: unknown,
  onInvalid: InvalidOutputAction = InvalidOutputAction.RETURN,
) {
  const jsonSchema = { name: "r", schema: JSON.stringify(schema), onInvalid };
  return {
    model: "simulator",
    prompt: "Hi",
    outputFormat: { format: { case: "jsonSchema" as const, value: jsonSchema } },
    providerOptions: { simulator: { text: JSON.stringify(value) } },
  };
}

const EVIL = specOf({ type: "string", pattern: "^(a+)+$" }, `${"a".repeat(60)}!`);

let service: ServiceProcess;
let evil: GrpcClient;
let good: GrpcClient;

beforeAll(async () => {
  service = await startService({ config: CONFIG });
  evil = createGrpcClient(service.grpc);
  good = createGrpcClient(service.grpc);
});

afterAll(async () => {
  evil.close();
  good.close();
  await service.stop();
});

async function warningsOf(client: GrpcClient, caller: string, spec: ReturnType<typeof specOf>) {
  const { generation } = await client.unary(generate, { spec }, as(caller));
  return generation?.warnings.map(({ reason, message }) => `${reason}: ${message}`) ?? [];
}

/** The time of one in twenty calls, in milliseconds. */
async function p95(call: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let calls = 0; calls < CALLS; calls++) {
    const startedAt = performance.now();
    await call();
    took.push(performance.now() - startedAt);
  }
  return took.toSorted((a, b) => a - b)[Math.floor(CALLS * 0.95)] ?? 0;
}

/** Calls of many clients as fast as they come, while `work` runs. */
async function underAttack<T>(work: () => Promise<T>): Promise<T> {
  let isOver = false;
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!isOver) {
      const warnings = await warningsOf(evil, "evil", EVIL);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(/^OUTPUT_UNCHECKED: /);
      await delay(PAUSE_MS);
    }
  });
  try {
    return await work();
  } finally {
    isOver = true;
    await Promise.all(clients);
  }
}

describe("a caller whose schemas take without end", () => {
  const plain = { model: "simulator", prompt: "Hi" };

  it("field:X5: holds up neither another caller nor health", async () => {
    const call = () => good.unary(generate, { spec: plain }, as("good"));
    await p95(call);
    let times = Number.POSITIVE_INFINITY;
    let liveMs = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < TRIES && (times > MOST_TIMES || liveMs > LIVE_MS); tries++) {
      const quiet = await p95(call);
      const [busy, live] = await underAttack(async () => {
        const attacked = await p95(call);
        return [
          attacked,
          await p95(async () => {
            const { status } = await requestRaw(`${service.http}/livez`, { method: "GET" });
            expect(status).toBe(200);
          }),
        ] as const;
      });
      times = Math.min(times, busy / Math.max(quiet, NOISE_MS / MOST_TIMES));
      liveMs = Math.min(liveMs, live);
    }
    expect(times).toBeLessThanOrEqual(MOST_TIMES);
    expect(liveMs).toBeLessThanOrEqual(LIVE_MS);
  });

  it("field:X5: leaves the checks of another caller in time", async () => {
    const spec = specOf({ type: "string", pattern: "^a+$" }, "aaa");
    const broken = specOf({ type: "string", pattern: "^b+$" }, "aaa");
    await underAttack(async () => {
      for (let calls = 0; calls < 10; calls++) {
        expect(await warningsOf(good, "good", spec)).toEqual([]);
        expect(await warningsOf(good, "good", broken)).toEqual([
          "OUTPUT_SCHEMA_MISMATCH: the output breaks the schema at #",
        ]);
      }
    });
  });

  it("field:X5: reads that its schemas are not checked", async () => {
    const warnings = await underAttack(async () => {
      const read: string[] = [];
      while (!read.some((warning) => warning.includes("not checked")) && read.length < 1_000) {
        read.push(...(await warningsOf(evil, "evil", EVIL)));
      }
      return read;
    });
    expect(warnings.at(-1)).toBe(
      "OUTPUT_UNCHECKED: the schema is not checked: checks of this caller's schemas take too long",
    );
  });

  it.each(["unary", "stream"])(
    "is told of output that breaks a pattern as the request says: %s",
    async (mode) => {
      const fails = InvalidOutputAction.FAIL;
      const spec = specOf({ type: "string", pattern: "^b+$" }, "aaa", fails);
      const call = async () => {
        if (mode === "unary") return good.unary(generate, { spec }, as("good"));
        for await (const _ of good.stream(streamGenerate, { spec }, as("good")));
        return undefined;
      };
      const error = await call().catch((thrown: unknown) => thrown);
      expect(gatewayErrorOf(error)).toMatchObject({ reason: "OUTPUT_SCHEMA_MISMATCH" });
    },
  );
});
