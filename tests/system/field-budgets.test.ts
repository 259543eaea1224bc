// A budget against what a provider charges at the worst, over the wire.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Role } from "../../gen/es/steer/v1/content_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { MODES } from "../support/conformance/suite.ts";
import { type Answer, type FieldStack, startFieldStack } from "../support/field-stack.ts";
import { messagesStream, messagesWhole } from "../support/wire-answers.ts";

const MAX_COST_PICOS = 100_000_000_000n;
const OUTPUT_PICOS = 40_000_000;

const PRICES =
  "{currency: USD, input: 8, cache_write: 10, cache_write_long: 16, output: 40, date: 2026-11-01}";
/** One for each call: nothing is learned from the call before. */
const MODELS = MODES.flatMap((mode) => [0, 1, 2].map((index) => `${mode}-${index}`));

let stack: FieldStack;
beforeAll(async () => {
  stack = await startFieldStack(
    ["ant"],
    (url) => `
providers:
  - {id: ant, type: anthropic, base_url: "${url("ant")}"}
models:
${MODELS.map((id) => `  - {id: ${id}, provider: ant, prices: ${PRICES}}`).join("\n")}
`,
  );
});
afterAll(() => stack[Symbol.asyncDispose]());

/** All input is written to the cache, and all output that is allowed is made. */
function worst(inputTokens: number, isLong: boolean): Answer {
  return (body) => {
    const { max_tokens: outputTokens } = body as { max_tokens: number };
    const usage = {
      input_tokens: 0,
      output_tokens: outputTokens,
      cache_creation_input_tokens: inputTokens,
      cache_creation: {
        ephemeral_5m_input_tokens: isLong ? 0 : inputTokens,
        ephemeral_1h_input_tokens: isLong ? inputTokens : 0,
      },
    };
    if (body.stream !== true) {
      const { body: whole } = messagesWhole([{ type: "text", text: "ok" }], "max_tokens");
      return { body: { ...(whole as object), usage } };
    }
    const { body: events } = messagesStream("ok", "max_tokens");
    const counted = String(events).replaceAll(
      /"usage":\{"input_tokens":10,"output_tokens":5\}|"usage":\{"output_tokens":5\}/g,
      `"usage":${JSON.stringify(usage)}`,
    );
    return { body: counted };
  };
}

const text = "The keeper of the light counts the boats that come home. ".repeat(380);

describe.each(MODES)("field:M12 %s", (mode) => {
  it.each([
    [0, "no hint", undefined, 8_000_000, false],
    [1, "the default lifetime", {}, 10_000_000, false],
    [2, "an hour", { ttl: "3600s" }, 16_000_000, true],
  ] as const)(
    "%i %s: the worst answer keeps to the budget",
    async (index, _, cacheHint, picos, isLong) => {
      const data = { case: "text", value: { text } } as const;
      const parts = [{ data, ...(cacheHint !== undefined && { cacheHint }) }];
      const spec = { model: `${mode}-${index}`, messages: [{ role: Role.USER, parts }] };
      const counted = await stack.grpc.unary(GenerationService.method.countTokens, {
        spec,
        method: 1,
      });
      const { inputTokens } = counted;
      expect(inputTokens).toBeGreaterThan(4_000);
      await stack.script({ ant: worst(cacheHint === undefined ? 0 : inputTokens, isLong) });
      const budget = { maxCostPicos: MAX_COST_PICOS, currencyCode: "USD" };
      const { generation, error } = await stack.call(mode, { ...spec, budget });
      expect(error).toBeUndefined();
      const [body = "{}"] = stack.bodies("ant");
      const left = Number(MAX_COST_PICOS) - inputTokens * picos;
      expect(JSON.parse(body)).toMatchObject({ max_tokens: Math.floor(left / OUTPUT_PICOS) });
      const total = generation?.cost?.totalPicos ?? 0n;
      expect(total).toBeLessThanOrEqual(MAX_COST_PICOS);
      // Not one token of output more would have fitted.
      if (cacheHint !== undefined) {
        expect(total + BigInt(OUTPUT_PICOS)).toBeGreaterThan(MAX_COST_PICOS);
      }
    },
  );
});
