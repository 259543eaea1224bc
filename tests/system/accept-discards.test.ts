import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createGrpcClient } from "../../clients/typescript/grpc.ts";
import { streamGenerate as helperStream } from "../../clients/typescript/steer.ts";
import { InvalidOutputAction, MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import {
  attemptsHeld,
  isDiscard,
  type Reading,
  readingOf,
  resumed,
  sequencesOf,
  watch,
} from "../support/discard-scenes.ts";
import { because } from "../support/explained-settings.ts";
import type { Stack } from "../support/stack.ts";
import {
  CALM,
  readText,
  resetTargets,
  type SpecInit,
  script,
  startTargets,
  through,
} from "../support/targets.ts";

const { streamGenerate } = GenerationService.method;
const { UNSPECIFIED, FAIL, RESTART, CONTINUE } = MidStreamRecovery;

const OLD = "alpha alpha alpha alpha alpha alpha";
const NEW = "bravo bravo bravo bravo";
/** Content events of the upstream before the first attempt fails. */
const BEFORE_FAILURE = 3;

/** The operator's defaults that the streams run under. */
const RESTART_BY_DEFAULT = because("the setting is what is tested beside the shipped one", {
  mid_stream_recovery: "restart",
});
const DEFAULTS = { unset: {}, restart: { routing: RESTART_BY_DEFAULT } } as const;

const stacks: Partial<Record<keyof typeof DEFAULTS, Stack>> = {};
let serial = 0;

beforeAll(async () => {
  for (const name of ["unset", "restart"] as const) {
    stacks[name] = await startTargets({ ...CALM, ...DEFAULTS[name] });
  }
});

beforeEach(async () => {
  for (const stack of Object.values(stacks)) await resetTargets(stack);
});

afterAll(async () => {
  for (const stack of Object.values(stacks)) await stack[Symbol.asyncDispose]();
});

function stackOf(name: keyof typeof DEFAULTS): Stack {
  const stack = stacks[name];
  if (stack === undefined) throw new Error("not started");
  return stack;
}

/** Fails in the middle of its text, and could begin anew at another target. */
function failingOver(recovery: MidStreamRecovery): SpecInit {
  const scripts = {
    a: script({ text: OLD }, { error_at: BEFORE_FAILURE }),
    b: script({ text: NEW }),
  };
  const routing = recovery === UNSPECIFIED ? {} : { midStreamRecovery: recovery };
  return through(scripts, { retry: { maxAttempts: 1 }, routing });
}

/** Has output without its format first, which is asked for anew. */
function repaired(recovery: MidStreamRecovery): SpecInit {
  const value = {
    name: "n",
    schema: '{"type":"object","properties":{"n":{"type":"integer"}}}',
    onInvalid: InvalidOutputAction.RETRY,
  };
  const scripts = {
    a: script({ text: '{"n": 1}' }, { attempt: 1, text: '{ "n" : "one two three" }' }),
  };
  const routing = recovery === UNSPECIFIED ? {} : { midStreamRecovery: recovery };
  return through(scripts, { outputFormat: { format: { case: "jsonSchema", value } }, routing });
}

const SCENES = { "a failover": failingOver, "a repair": repaired };

interface Scene {
  readonly events: readonly StreamEvent[];
  readonly creator: Reading;
  /** Joins the running stream once it has output. */
  readonly joined: { readonly flagged: Reading; readonly unflagged: Reading };
}

/** Runs one stream with its creator and two readers that join it by its `request_id`. */
async function play(stack: Stack, spec: SpecInit, acceptsDiscard: boolean): Promise<Scene> {
  const { client, upstream } = stack;
  const requestId = `discard-${serial++}`;
  const begin = (accepts: boolean) =>
    watch(client.stream(streamGenerate, { requestId, spec, acceptsDiscard: accepts }));
  upstream.hold();
  const creator = begin(acceptsDiscard);
  upstream.release(BEFORE_FAILURE - 1);
  await creator.midway;
  const flagged = begin(true);
  const unflagged = begin(false);
  // A key is free after a failure: who comes later begins another stream.
  await Promise.all([flagged.midway, unflagged.midway]);
  upstream.release(1_000);
  const joined = { flagged: await flagged.reading, unflagged: await unflagged.reading };
  return { events: joined.flagged.events, creator: await creator.reading, joined };
}

/** What must hold of each reader that has not said that it accepts discards. */
function expectOneText(reading: Reading, notice: StreamEvent): void {
  expect(attemptsHeld(reading.events).length).toBeLessThanOrEqual(1);
  expect(reading.events.some(isDiscard)).toBe(false);
  expect(reading).toMatchObject({ reason: "OUTPUT_DISCARDED", code: "FAILED_PRECONDITION" });
  const { sequence, writer } = notice;
  expect(reading.behind).toMatchObject({ sequence, writer });
}

const cases = (["unset", "restart"] as const).flatMap((usual) =>
  Object.keys(SCENES).flatMap((scene) =>
    ([UNSPECIFIED, FAIL, RESTART, CONTINUE] as const).flatMap((recovery) =>
      [true, false].map((flag) => ({
        usual,
        scene: scene as keyof typeof SCENES,
        recovery,
        name: Object.entries(MidStreamRecovery).find(([, value]) => value === recovery)?.[0],
        flag,
      })),
    ),
  ),
);

describe("field:E26 no reader gets two texts that has not said that it drops the first", () => {
  it.each(cases)(
    "$scene, recovery $name by a creator with the flag $flag, operator's default $usual",
    async ({ usual, scene, recovery, flag }) => {
      const stack = stackOf(usual);
      const { creator, joined, events } = await play(stack, SCENES[scene](recovery), flag);
      const isRestarted =
        recovery === RESTART || (recovery === UNSPECIFIED && flag && usual === "restart");
      // A repair would be paid for nothing where its creator does not take it.
      const isRepaired = scene === "a repair" && (flag || recovery === RESTART);
      const notice = events.find(isDiscard);
      expect(notice !== undefined).toBe(isRepaired || isRestarted);
      const streamId = events[0]?.event.case === "start" ? events[0].event.value.streamId : "";
      if (notice === undefined) {
        for (const reading of [creator, joined.flagged, joined.unflagged]) {
          expect(attemptsHeld(reading.events)).toEqual([1]);
          expect(reading.reason).not.toBe("OUTPUT_DISCARDED");
          expect(reading.events.at(-1)?.event.case).toBe("error");
        }
        return;
      }
      const standing = scene === "a repair" ? '{"n": 1}' : NEW;
      expect(readText(events)).toBe(standing);
      expect(events.at(-1)?.event.case).toBe("complete");
      // An older stub that names RESTART knows the notice, and so do those who read its stream.
      const isOlder = recovery === RESTART && !flag;
      for (const reading of [joined.unflagged, ...(flag ? [] : [creator])]) {
        if (isOlder) expect(readText(reading.events)).toBe(standing);
        else expectOneText(reading, notice);
      }
      if (flag) expect(readText(creator.events)).toBe(standing);

      for (const { sequence, writer } of events) {
        const from = { streamId, sequence, writer };
        const rest = events.filter((event) => event.sequence > sequence);
        const willing = await resumed(stack.client, from, true);
        expect(sequencesOf(willing.events)).toEqual(sequencesOf(rest));
        const unwilling = await resumed(stack.client, from, false);
        if (isOlder || sequence >= notice.sequence) {
          expect(unwilling.reason).toBe("");
          expect(sequencesOf(unwilling.events)).toEqual(sequencesOf(rest));
        } else {
          expectOneText(unwilling, notice);
          const { behind } = unwilling;
          if (behind === undefined) throw new Error("no position");
          const after = await resumed(stack.client, behind, false);
          expect(after.reason).toBe("");
          expect(readText(after.events)).toBe(standing);
        }
      }
    },
  );
});

describe("field:E26 the helper's reader", () => {
  it("survives a failure after content without a word about recovery, and gives the text that stands", async () => {
    const stack = stackOf("unset");
    const client = createGrpcClient({ address: stack.service.grpc });
    try {
      const discards: number[] = [];
      const onDiscard = (): void => void discards.push(1);
      const read = () => helperStream(client, { spec: failingOver(UNSPECIFIED) }, { onDiscard });
      expect(await read().text()).toBe(NEW);
      const { message, outputText } = await read().collect();
      expect(outputText).toBe(NEW);
      expect(message?.parts).toMatchObject([{ data: { value: { text: NEW } } }]);
      expect(discards).toEqual([1, 1]);
    } finally {
      client.close();
    }
  });

  it("collects the message of a stream whose last event leaves it out", async () => {
    const stack = stackOf("unset");
    const client = createGrpcClient({ address: stack.service.grpc });
    try {
      const options = { omitFinalMessage: true };
      const { message } = await helperStream(client, {
        spec: failingOver(UNSPECIFIED),
        options,
      }).collect();
      expect(message?.parts).toMatchObject([{ data: { value: { text: NEW } } }]);
    } finally {
      client.close();
    }
  });

  it("leaves FAIL as the caller has named it, and the caller's request as it is", async () => {
    const stack = stackOf("restart");
    const client = createGrpcClient({ address: stack.service.grpc });
    try {
      const request = { spec: failingOver(FAIL) };
      const before = structuredClone(request);
      await expect(helperStream(client, request).text()).rejects.toMatchObject({
        name: "SteerError",
      });
      expect(request).toEqual(before);
    } finally {
      client.close();
    }
  });

  it("shares one generation with stubs that name any recovery or none, whoever comes first", async () => {
    const stack = stackOf("unset");
    const client = createGrpcClient({ address: stack.service.grpc });
    const recoveries = [UNSPECIFIED, FAIL, RESTART, CONTINUE];
    const stub = (requestId: string, spec: SpecInit, midStreamRecovery: MidStreamRecovery) => {
      const routing = { ...spec.routing, midStreamRecovery };
      return readingOf(
        stack.client.stream(streamGenerate, { requestId, spec: { ...spec, routing } }),
      );
    };
    try {
      const spec = through({ a: script({ text: OLD }) });
      for (const first of ["helper", "stub"]) {
        const requestId = `shared-${serial++}`;
        const before = stack.upstream.requests.length;
        const helper = () => helperStream(client, { requestId, spec }).text();
        if (first === "helper") expect(await helper()).toBe(OLD);
        for (const recovery of recoveries) {
          const { events, reason } = await stub(requestId, spec, recovery);
          expect([readText(events), reason]).toEqual([OLD, ""]);
        }
        expect(await helper()).toBe(OLD);
        expect(stack.upstream.requests.length - before).toBe(1);
      }
    } finally {
      client.close();
    }
  });
});
