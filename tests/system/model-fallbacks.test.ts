import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { AttemptOutcome, AttemptTrigger } from "../../gen/es/steer/v1/error_pb.js";
import { sectionLines } from "../support/explained-settings.ts";
import { resetCircuits } from "../support/reset-circuits.ts";
import { type Stack, startStack } from "../support/stack.ts";
import { ask, CALM, type Mode, type SpecInit } from "../support/targets.ts";

const MODES: readonly Mode[] = ["unary", "stream"];

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({}, (url) =>
    sectionLines({
      providers: ["a", "b"].map((id) => {
        return { id, type: "openai", base_url: `${url}/v1`, api_key_env: "UP_KEY" };
      }),
      models: [
        { id: "m-a", provider: "a", provider_model: "a", fallbacks: ["m-b", "a/m-c"] },
        { id: "m-b", provider: "b", provider_model: "b", fallbacks: ["m-a"] },
        { id: "m-c", provider: "a", provider_model: "c" },
      ],
      ...CALM,
    }),
  );
});

beforeEach(() => resetCircuits(stack.client, ["a", "b"]));

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

/** A model that its provider has retired: no repetition helps, another model does. */
function retired(model: string): void {
  const body = { error: { code: "model_not_found", message: "no such model" } };
  stack.upstream.outages.set(model, { attempt: 1, status: 404, body });
}

it.each(MODES)(
  "field:E26 fallbacks of the configuration serve a call that names none, %s",
  async (mode) => {
    stack.upstream.outages.clear();
    retired("a");
    const first = await ask(stack.client, mode, { model: "m-a", prompt: "Hi" });
    expect(first.generation).toMatchObject({
      provider: "b",
      model: "m-b",
      requestedModel: "m-a",
      attempts: [
        { provider: "a", outcome: AttemptOutcome.FAILED },
        { provider: "b", outcome: AttemptOutcome.SUCCEEDED, trigger: AttemptTrigger.FAILOVER },
      ],
    });
    retired("b");
    const second = await ask(stack.client, mode, { model: "m-a", prompt: "Hi" });
    expect(second.generation).toMatchObject({ model: "m-c" });
  },
);

it.each(MODES)(
  "field:E26 a call's own fallbacks and its disable_failover win, %s",
  async (mode) => {
    stack.upstream.outages.clear();
    retired("a");
    const served = async (routing: SpecInit["routing"]) => {
      // What was refused once is not asked again for a while.
      await resetCircuits(stack.client, ["a", "b"]);
      const spec = { model: "m-a", prompt: "Hi", ...(routing !== undefined && { routing }) };
      const { generation, code } = await ask(stack.client, mode, spec);
      return code === 0 ? generation?.model : code;
    };
    expect(await served({ fallbacks: [{ model: "m-c" }] })).toBe("m-c");
    expect(await served({})).toBe("m-b");
    expect(await served({ disableFailover: true })).toBe(5);
  },
);
