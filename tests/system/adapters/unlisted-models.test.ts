import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CostSource } from "../../../gen/es/steer/v1/usage_pb.js";
import { mistakeOf } from "../../support/config-file.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { type Answer, type FieldStack, startFieldStack } from "../../support/field-stack.ts";
import { chatStream, chatWhole } from "../../support/wire-answers.ts";

// An instance whose models a request may name although no list has them.

let stack: FieldStack;

beforeAll(async () => {
  const entry = (id: string, url: string, more: string): string =>
    `\n  - {id: ${id}, type: vllm, base_url: "${url}/v1"${more}}`;
  stack = await startFieldStack(
    ["open", "closed"],
    (url) => `
providers:${entry("open", url("open"), ", unlisted_models: true")}${entry("closed", url("closed"), "")}
models:
  - {id: listed, provider: open, prices: {currency: USD, input: 1, output: 10, date: 2026-11-01}}
  - {id: shared, provider: closed, fallbacks: [open/other/thing]}
`,
  );
});

afterAll(() => stack?.[Symbol.asyncDispose]());

const ok: Answer = ({ stream }) =>
  stream === true ? chatStream({ content: "ok" }) : chatWhole({ content: "ok" });
const unknownModel: Answer = (body) =>
  body.model === "listed"
    ? ok(body)
    : {
        status: 404,
        body: { error: { message: "The model does not exist.", type: "NotFoundError", code: 404 } },
      };

describe.each(MODES)("%s", (mode) => {
  const call = (model: string) => stack.call(mode, { model, prompt: "hi" } as never);

  it("a name that no list has goes to its instance as it is", async () => {
    await stack.script({ open: ok });
    const end = await call("open/meta-llama/Llama-4");
    expect(end.generation?.outputText).toBe("ok");
    expect(end.attempts).toEqual(["open/meta-llama/Llama-4 SUCCEEDED"]);
    expect(JSON.parse(stack.bodies("open")[0] ?? "")).toMatchObject({
      model: "meta-llama/Llama-4",
    });
    // Nobody knows what it costs.
    expect(end.generation?.cost?.source ?? CostSource.UNSPECIFIED).toBe(CostSource.UNSPECIFIED);
  });

  it("a listed model is the one of the list, under each of its names", async () => {
    await stack.script({ open: ok });
    for (const name of ["listed", "open/listed"]) {
      const end = await call(name);
      expect(end.generation?.cost?.source).toBe(CostSource.PRICE_TABLE);
    }
  });

  it.each(["closed/any", "nobody/any", "any", "open/", "open/a b", `open/${"a".repeat(257)}`])(
    "%s is no model",
    async (name) => {
      await stack.script({ open: ok, closed: ok });
      const end = await call(name);
      expect(end.generation).toBeUndefined();
      expect([stack.requests("open"), stack.requests("closed")]).toEqual([0, 0]);
    },
  );

  it("a fallback can be such a model", async () => {
    const overloaded: Answer = () => ({ status: 529, body: { error: { message: "overloaded" } } });
    await stack.script({ open: ok, closed: overloaded });
    const end = await call("shared");
    expect(end.attempts.at(-1)).toBe("open/other/thing SUCCEEDED");
  });
});

it("names that callers make up take nothing from others, and are kept within a bound", async () => {
  await stack.script({ open: unknownModel });
  for (let batch = 0; batch < 30; batch++) {
    const names = Array.from({ length: 10 }, (_, index) => `open/made-up-${batch}-${index}`);
    const ends = await Promise.all(
      names.map((model) => stack.call("unary", { model, prompt: "hi" } as never)),
    );
    expect(ends.map(({ generation }) => generation)).toEqual(names.map(() => undefined));
  }
  const end = await stack.call("unary", { model: "listed", prompt: "hi" } as never);
  expect(end.generation?.outputText).toBe("ok");
  const { providers } = await stack.admin.getProviderStatus({});
  const kept = Object.keys(providers["open"]?.modelCircuits ?? {});
  expect(kept).toContain("listed");
  expect(kept).toContain("made-up-29-9");
  expect(kept).not.toContain("made-up-0-0");
  expect(kept.length).toBeLessThanOrEqual(257);
});

it("the start knows which fallbacks such an instance can have", () => {
  const file = (unlisted: boolean): string =>
    mistakeOf(`
providers: [{id: v, type: vllm, unlisted_models: ${unlisted}}]
models: [{id: a, provider: v, fallbacks: [v/any]}]`);
  expect(file(true)).toBe("no mistake");
  expect(file(false)).toContain('no model "v/any"');
});
