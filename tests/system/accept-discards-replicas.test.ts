import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGrpcClient as createHelperClient } from "../../clients/typescript/grpc.ts";
import {
  type GenerationClient,
  streamGenerate as helperStream,
} from "../../clients/typescript/steer.ts";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import {
  attemptsHeld,
  isDiscard,
  type Position,
  resumed,
  watch,
} from "../support/discard-scenes.ts";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { readText } from "../support/targets.ts";

const { streamGenerate } = GenerationService.method;
const { UNSPECIFIED, FAIL, RESTART, CONTINUE } = MidStreamRecovery;

const WORDS = 60;
const SIMULATED = { tokens: WORDS, pace_ms: 100 };

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

/** The operator's default differs between the replicas: a stream keeps what it began with. */
function startReplica(recovery: string): Promise<ServiceProcess> {
  return startService({
    config: `
routing: {mid_stream_recovery: ${recovery}}${recovery === "fail" ? "" : " # because: the replicas differ in it"}
stream: {store_timeout: 10s} # because: a busy machine is no store that is away
`,
    env: { STEER_STREAM_STORE: redis.url },
  });
}

interface Created {
  readonly requestId: string;
  readonly spec: object;
  /** The creator reads over the replica that is going to be lost. */
  readonly midway: Promise<Position>;
}

let serial = 0;

function create(client: GrpcClient, recovery: MidStreamRecovery, acceptsDiscard: boolean): Created {
  const requestId = `replicas-${serial++}`;
  const routing = { midStreamRecovery: recovery };
  const spec = {
    model: "simulator",
    prompt: requestId,
    routing,
    providerOptions: { simulator: SIMULATED as never },
  };
  const { midway, reading } = watch(
    client.stream(streamGenerate, { requestId, spec, acceptsDiscard }),
    3,
  );
  reading.catch(() => {});
  return { requestId, spec, midway };
}

/** The helper's reader after its first text. */
async function begunText(client: GenerationClient, request: Omit<Created, "midway">) {
  const stream = helperStream(client, request);
  for (;;) {
    const next = await stream.next();
    if (next.done || next.value.event.case === "textDelta") break;
  }
  return stream;
}

describe("field:E26 the owner is killed after content", () => {
  it("no reader at another replica gets two texts that has not said that it drops the first", async () => {
    const lost = await startReplica("restart");
    const other = await startReplica("fail");
    const [atLost, atOther] = [createGrpcClient(lost.grpc), createGrpcClient(other.grpc)];
    const helper = createHelperClient({ address: other.grpc });
    try {
      const created = [UNSPECIFIED, FAIL, RESTART, CONTINUE].flatMap((recovery) =>
        [true, false].map((flag) => ({ recovery, flag, ...create(atLost, recovery, flag) })),
      );
      const positions = await Promise.all(created.map(({ midway }) => midway));
      const join = ({ requestId, spec }: Created, acceptsDiscard: boolean) =>
        watch(atOther.stream(streamGenerate, { requestId, spec, acceptsDiscard }));
      const joined = await Promise.all(
        created.map(async (stream, index) => {
          const { requestId, spec } = stream;
          const position = positions[index];
          if (position === undefined) throw new Error("no position");
          const readers = { flagged: join(stream, true), unflagged: join(stream, false) };
          const helped = await begunText(helper, { requestId, spec });
          // All have some of the first text before the owner is lost.
          await Promise.all([readers.flagged.midway, readers.unflagged.midway]);
          const midway = resumed(atOther, position, false);
          return { ...readers, position, midway, helped };
        }),
      );
      lost.signal("SIGKILL");
      for (const [index, { recovery, flag }] of created.entries()) {
        const name = `recovery ${recovery}, flag ${flag}`;
        const readers = joined[index];
        if (readers === undefined) throw new Error("no reader");
        const text = readers.helped.text();
        text.catch(() => {});
        const [flagged, unflagged, midway] = await Promise.all([
          readers.flagged.reading,
          readers.unflagged.reading,
          readers.midway,
        ]);
        const isRestarted = recovery === RESTART || (recovery === UNSPECIFIED && flag);
        const notice = flagged.events.find(isDiscard);
        expect(notice !== undefined, name).toBe(isRestarted);
        if (recovery === CONTINUE) {
          const whole = readText(flagged.events);
          expect(flagged.events.at(-1)?.event.case, name).toBe("complete");
          expect(readText(unflagged.events), name).toBe(whole);
          expect(await text).toBe(whole);
          expect(midway.reason, name).toBe("");
          continue;
        }
        if (notice === undefined) {
          expect([flagged.reason, unflagged.reason, midway.reason], name).toEqual(
            Array.from({ length: 3 }, () => "OWNER_LOST"),
          );
          await expect(text).rejects.toMatchObject({ reason: "OWNER_LOST" });
          continue;
        }
        const standing = readText(flagged.events);
        expect(flagged.events.at(-1)?.event.case, name).toBe("complete");
        expect(await text).toBe(standing);
        if (recovery === RESTART && !flag) {
          expect(readText(unflagged.events), name).toBe(standing);
          expect(readText(midway.events), name).toBe(standing);
          continue;
        }
        for (const reading of [unflagged, midway]) {
          expect(reading.reason, name).toBe("OUTPUT_DISCARDED");
          expect(attemptsHeld(reading.events).length, name).toBeLessThanOrEqual(1);
          const { behind } = reading;
          if (behind === undefined) throw new Error("no position");
          expect(behind).toMatchObject({ sequence: notice.sequence, writer: notice.writer });
          expect(readText((await resumed(atOther, behind, false)).events), name).toBe(standing);
        }
        const again = await resumed(atOther, readers.position, false);
        expect(again.reason, name).toBe("OUTPUT_DISCARDED");
      }
    } finally {
      for (const client of [atLost, atOther, helper]) client.close();
      await lost.stop();
      await other.stop();
    }
  }, 120_000);
});
