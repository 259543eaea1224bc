import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../../gen/es/steer/v1/error_pb.js";
import type { Spec } from "../../support/conformance/faults.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { type Answer, type FieldStack, startFieldStack } from "../../support/field-stack.ts";
import { chatStream, chatWhole, type WireAnswer } from "../../support/wire-answers.ts";

// Failures that only the fallback could help: what a status or a body is evidence for
// decides which target may follow.

const configuration = (url: (server: string) => string): string => `
providers:
  - {id: one, type: openai, base_url: "${url("one")}/v1", api_key_env: UP_KEY}
  - {id: two, type: openai, base_url: "${url("two")}/v1", api_key_env: UP_KEY}
models:
  - {id: p, provider: one}
  - {id: sibling, provider: one}
  - {id: q, provider: two}
  - {id: r, provider: two}
  - {id: both, provider: one}
  - {id: both, provider: two}
  - {id: renamed, provider: two, provider_model: p}
  - {id: p-8k, provider: one, context_window: 8192}
  - {id: q-4k, provider: two, context_window: 4096}
  - {id: q-8k, provider: two, context_window: 8192}
  - {id: q-128k, provider: two, context_window: 128000}
`;

let stack: FieldStack;

/** Each kind on targets, and a retry budget, that no other has touched. */
function startFresh(): void {
  beforeAll(async () => {
    stack = await startFieldStack(["one", "two"], configuration);
  });
  afterAll(() => stack[Symbol.asyncDispose]());
}

const serves: Answer = ({ stream }) =>
  stream === true ? chatStream({ content: "ok" }) : chatWhole({ content: "ok" });

const says =
  (status: number, error: unknown, headers = {}): Answer =>
  () => ({ status, headers, body: { error } });

/** Of these models every request fails like this; the others are served. */
const except =
  (answer: WireAnswer, ...models: readonly string[]): Answer =>
  (body) =>
    models.includes(body.model ?? "") ? answer : serves(body);

type Routing = NonNullable<Spec["routing"]>;

function spec(model: string, fallbacks: readonly string[], more: Spec = {}): Spec {
  const routing: Routing = { fallbacks: fallbacks.map((each) => ({ model: each })) };
  return { ...more, model, prompt: "hi", routing } as Spec;
}

/** The same call, with categories that lead on. */
function leadingOn(...failoverOn: readonly ErrorCategory[]): Spec {
  const routing: Routing = { fallbacks: [{ model: "q" }], failoverOn: [...failoverOn] };
  return { model: "p", prompt: "hi", routing };
}

const TOO_LONG = {
  message: "maximum context length is 8192 tokens",
  type: "invalid_request_error",
  code: "context_length_exceeded",
};

describe.each(MODES)("%s", (mode) => {
  describe("field:E15 a request that is too long", () => {
    startFresh();

    it.each<[string, string, string[], string[], string]>([
      // what, first, fallbacks, models that are asked, served by
      ["both windows unknown", "p", ["q"], ["p", "q"], "q"],
      ["known, then unknown", "p-8k", ["q"], ["p-8k", "q"], "q"],
      ["unknown, then known", "p", ["q-8k"], ["p", "q-8k"], "q-8k"],
      ["known to be larger", "p-8k", ["q-128k"], ["p-8k", "q-128k"], "q-128k"],
      ["not known to be larger is left out", "p-8k", ["q-4k", "q-8k", "q"], ["p-8k", "q"], "q"],
    ])("%s", async (_name, first, fallbacks, asked, by) => {
      await stack.script({ one: says(400, TOO_LONG), two: serves });
      const end = await stack.call(mode, spec(first, fallbacks));
      expect(end.generation?.model).toBe(by);
      expect(end.attempts).toHaveLength(asked.length);
    });

    it.each<[string, string, string[], string[]]>([
      ["known not to be larger", "p-8k", ["q-4k", "q-8k"], ["p-8k"]],
      ["the same model elsewhere", "both", [], ["both"]],
      ["the same model under another name", "p", ["renamed"], ["p"]],
      ["one guess in a call", "p", ["q", "r", "q-8k"], ["p", "q"]],
    ])("is final: %s", async (_name, first, fallbacks, asked) => {
      await stack.script({ one: says(400, TOO_LONG), two: says(400, TOO_LONG) });
      const end = await stack.call(mode, spec(first, fallbacks));
      expect(end.error?.reason).toBe("CONTEXT_LENGTH_EXCEEDED");
      expect(end.attempts.filter((each) => each.includes("FAILED"))).toEqual(
        asked.map(
          (model, index) => `${index === 0 ? "one" : "two"}/${model} FAILED CONTEXT_LENGTH`,
        ),
      );
      expect(stack.requests("one") + stack.requests("two")).toBe(asked.length);
    });

    it("a guess that fails too leaves the way to a larger window open", async () => {
      const body = { error: TOO_LONG };
      await stack.script({
        one: says(400, TOO_LONG),
        two: except({ status: 400, body }, "q"),
      });
      const end = await stack.call(mode, spec("p-8k", ["q", "r", "q-128k"]));
      expect(end.generation?.model).toBe("q-128k");
    });
  });

  describe("field:E16 statuses that speak of the target", () => {
    startFresh();

    const gone = { status: 410, body: { error: { message: "x" } } };

    it.each<[string, WireAnswer, string]>([
      ["410", gone, "NOT_FOUND"],
      ["451", { ...gone, status: 451 }, "PROVIDER_PERMISSION"],
      ["404", { ...gone, status: 404 }, "NOT_FOUND"],
      [
        "a model that is retired, by code beside 400",
        { status: 400, body: { error: { message: "x", code: "model_decommissioned" } } },
        "NOT_FOUND",
      ],
    ])("%s leads on by default", async (_name, answer, category) => {
      await stack.script({ one: () => answer, two: serves });
      const end = await stack.call(mode, spec("p", ["q"]));
      expect(end.attempts).toEqual([`one/p FAILED ${category}`, "two/q SUCCEEDED"]);
    });

    it.each<[string, number, object, number]>([
      // Of so many calls one each asks a target about which nothing is known.
      ["a bare 410 says nothing of the target", 410, { message: "x" }, 2],
      ["451 says nothing of the target", 451, { message: "x" }, 2],
      ["410 of a model puts it out", 410, { message: "The model p-1.5 has been retired" }, 1],
      ["404 of a model puts it out", 404, { message: "model 'p' not found, try pulling it" }, 1],
    ])("%s", async (_name, status, error, asked) => {
      await stack.script({ one: says(status, error), two: serves });
      for (const _ of [1, 2]) {
        const end = await stack.call(mode, spec("p", ["q"]));
        expect(end.generation?.model).toBe("q");
      }
      expect(stack.requests("one")).toBe(asked);
    });

    it.each<[string, number, ErrorCategory]>([
      ["303", 303, ErrorCategory.UNKNOWN],
      ["307", 307, ErrorCategory.UNKNOWN],
      ["400", 400, ErrorCategory.VALIDATION],
      ["405", 405, ErrorCategory.VALIDATION],
      ["422", 422, ErrorCategory.VALIDATION],
    ])(
      "%s leads on where failover_on names its category, and only there",
      async (_n, status, category) => {
        const location = { location: "http://127.0.0.1:1/elsewhere" };
        await stack.script({ one: says(status, { message: "x" }, location), two: serves });
        const alone = await stack.call(mode, spec("p", ["q"]));
        expect(alone.error).toMatchObject({ category, provider: "one" });
        expect(alone.error?.attempts[0]?.providerHttpStatus).toBe(status);
        expect(
          (await stack.call(mode, leadingOn(ErrorCategory.SERVER_ERROR))).error?.category,
        ).toBe(category);
        const end = await stack.call(mode, leadingOn(category));
        expect(end.generation?.model).toBe("q");
        // One request for each call: no redirect was followed, nothing was repeated.
        expect(stack.requests("one")).toBe(3);
        expect(stack.requests("two")).toBe(1);
      },
    );

    it("a longer list narrows the rest of the table as before", async () => {
      await stack.script({ one: says(503, { message: "x" }), two: serves });
      const end = await stack.call(mode, leadingOn(ErrorCategory.VALIDATION));
      expect(end.error?.category).toBe(ErrorCategory.SERVER_ERROR);
      expect(stack.requests("two")).toBe(0);
    });
  });

  describe("field:E17 a model that is refused", () => {
    startFresh();

    const forbidden = { status: 403, body: { error: { message: "x" } } };

    it("leads to another model of the same instance", async () => {
      await stack.script({ one: except(forbidden, "p"), two: serves });
      const end = await stack.call(mode, spec("p", ["sibling", "q"]));
      expect(end.attempts).toEqual(["one/p FAILED PROVIDER_PERMISSION", "one/sibling SUCCEEDED"]);
      // The target is out, and its sibling is not.
      const next = await stack.call(mode, spec("p", ["sibling"]));
      expect(next.attempts.at(-1)).toBe("one/sibling SUCCEEDED");
      expect(stack.requests("one")).toBe(3);
    });

    it.each<[string, number, object, string]>([
      ["401", 401, { message: "x" }, "PROVIDER_AUTHENTICATION"],
      ["403 about the key", 403, { message: "Your API key is revoked" }, "PROVIDER_AUTHENTICATION"],
      ["403 by the code of a key", 403, { code: "invalid_api_key" }, "PROVIDER_AUTHENTICATION"],
      ["402", 402, { message: "x" }, "QUOTA"],
    ])("a refused account needs another instance: %s", async (_name, status, error, category) => {
      await stack.script({ one: says(status, error), two: serves });
      const end = await stack.call(mode, spec("p", ["sibling", "q"]));
      expect(end.generation?.model).toBe("q");
      expect(end.attempts[0]).toBe(`one/p FAILED ${category}`);
      expect(stack.requests("one")).toBe(1);
    });
  });

  describe("field:E28 the reason says what happened", () => {
    startFresh();

    const once = { retry: { maxAttempts: 1, maxTotalAttempts: 1 } };

    it.each<[string, Answer, string, string]>([
      ["500", says(500, { message: "x" }), "SERVER_ERROR", "PROVIDER_ERROR"],
      ["529", says(529, { message: "x" }), "PROVIDER_OVERLOADED", "PROVIDER_OVERLOADED"],
    ])("of one attempt: %s", async (_name, answer, category, reason) => {
      await stack.script({ one: answer });
      const { error, attempts } = await stack.call(mode, spec("p", [], once));
      expect(attempts).toEqual([`one/p FAILED ${category}`]);
      expect(error).toMatchObject({ reason, retryable: true, code: 14 });
    });

    it("of attempts that are used up", async () => {
      await stack.script({ one: says(500, { message: "x" }) });
      const { error } = await stack.call(mode, spec("p", []));
      expect(error).toMatchObject({ reason: "ATTEMPTS_EXHAUSTED", retryable: true, code: 14 });
      expect(stack.requests("one")).toBe(3);
    });

    it("of a rule that allows no more, though attempts are left", async () => {
      await stack.script({ one: says(529, { message: "x" }) });
      const { error } = await stack.call(mode, spec("p", []));
      expect(error?.reason).toBe("PROVIDER_OVERLOADED");
      expect(stack.requests("one")).toBe(2);
    });
  });

  describe("field:E29 overload is told from failure", () => {
    startFresh();

    it.each<[string, number, unknown, string]>([
      ["OpenAI", 503, { type: "server_error", code: "overloaded" }, "PROVIDER_OVERLOADED"],
      [
        "by the text",
        503,
        { message: "The server is overloaded or not ready yet" },
        "PROVIDER_OVERLOADED",
      ],
      [
        "Groq",
        503,
        { message: "m is currently over capacity.", type: "internal_server_error" },
        "PROVIDER_OVERLOADED",
      ],
      [
        "Ollama",
        503,
        "server busy, please try again. maximum pending requests exceeded",
        "PROVIDER_OVERLOADED",
      ],
      [
        "llama.cpp",
        503,
        { message: "no slots available", type: "unavailable_error" },
        "PROVIDER_OVERLOADED",
      ],
      ["Anthropic's type beside 500", 500, { type: "overloaded_error" }, "PROVIDER_OVERLOADED"],
      [
        "a vague type beside 500",
        500,
        { type: "api_error", message: "Overloaded" },
        "PROVIDER_OVERLOADED",
      ],
      ["a server of its own", 529, { message: "x" }, "PROVIDER_OVERLOADED"],
      ["a plain 503", 503, { message: "x", type: "server_error" }, "SERVER_ERROR"],
      [
        "a server that loads",
        503,
        { message: "Loading model", type: "unavailable_error" },
        "SERVER_ERROR",
      ],
      [
        "a type that says nothing, beside 401",
        401,
        { message: "Unauthorized", type: "api_error" },
        "PROVIDER_AUTHENTICATION",
      ],
      ["a rate limit stays one", 429, { message: "capacity exceeded for this tier" }, "RATE_LIMIT"],
    ])("%s", async (_name, status, error, category) => {
      await stack.script({ one: says(status, error) });
      const retry = { maxAttempts: 1, maxTotalAttempts: 1 };
      const end = await stack.call(mode, spec("p", [], { retry }));
      expect(end.attempts).toEqual([`one/p FAILED ${category}`]);
    });
  });
});
