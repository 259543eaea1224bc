import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { gatewayErrorOf } from "../support/grpc-client.ts";
import { ONE_ATTEMPT, resetCircuits } from "../support/reset-circuits.ts";
import { ADAPTERS, type Adapter, type Stack, startStack } from "../support/stack.ts";

const { generate, streamGenerate } = GenerationService.method;
/** Stands in every body of the provider, and must stand nowhere else. */
const SECRET = "what only the provider said";

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

/** No row meets what another one has left: every failure is the first that its provider has. */
beforeEach(() => resetCircuits(stack.client, ADAPTERS));

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

interface Row {
  /** What stands in the error's `type` and `code`, where the vendor has both. */
  readonly word?: string;
  /** Beside the secret, where the vendor's text is all there is. */
  readonly text?: string;
  readonly status: number;
  readonly category: ErrorCategory;
  readonly code: number;
  readonly reason: string;
  readonly pushback: string | undefined;
  /** All of them without this. */
  readonly only?: readonly Adapter[];
}

function row(
  status: number,
  category: ErrorCategory,
  code: number,
  reason: string,
  pushback: string | undefined,
  more: Pick<Row, "word" | "text" | "only"> = {},
): Row {
  return { status, category, code, reason, pushback, ...more };
}

const C = ErrorCategory;
const OPENAI: readonly Adapter[] = ["chat", "responses"];
const CLAUDE: readonly Adapter[] = ["claude"];
const GROK: readonly Adapter[] = ["grok"];

/** One row per row of the table of typed errors that an HTTP answer can be evidence of. */
const rows: readonly Row[] = [
  row(401, C.PROVIDER_AUTHENTICATION, 9, "PROVIDER_CREDENTIALS", undefined),
  row(401, C.PROVIDER_AUTHENTICATION, 9, "PROVIDER_CREDENTIALS", undefined, {
    word: "authentication_error",
  }),
  row(403, C.PROVIDER_PERMISSION, 9, "PROVIDER_CREDENTIALS", undefined, {
    word: "permission_error",
  }),
  row(402, C.QUOTA, 8, "PROVIDER_QUOTA", "-1", { word: "billing_error" }),
  row(429, C.QUOTA, 8, "PROVIDER_QUOTA", "-1", { word: "insufficient_quota", only: OPENAI }),
  row(400, C.QUOTA, 8, "PROVIDER_QUOTA", "-1", {
    word: "invalid_request_error",
    text: "Your credit balance is too low",
    only: CLAUDE,
  }),
  row(403, C.QUOTA, 8, "PROVIDER_QUOTA", "-1", {
    text: "Your team has used all available credits",
    only: GROK,
  }),
  row(429, C.RATE_LIMIT, 8, "PROVIDER_RATE_LIMIT", "-1", { word: "rate_limit_error" }),
  row(529, C.PROVIDER_OVERLOADED, 14, "PROVIDER_OVERLOADED", "-1", { word: "overloaded_error" }),
  row(400, C.CONTEXT_LENGTH, 3, "CONTEXT_LENGTH_EXCEEDED", undefined, {
    word: "context_length_exceeded",
    only: OPENAI,
  }),
  row(400, C.CONTEXT_LENGTH, 3, "CONTEXT_LENGTH_EXCEEDED", undefined, {
    word: "invalid_request_error",
    text: "prompt is too long: 9 tokens > 8 maximum",
    only: CLAUDE,
  }),
  row(400, C.CONTEXT_LENGTH, 3, "CONTEXT_LENGTH_EXCEEDED", undefined, {
    text: "This model's maximum prompt length is 8",
    only: GROK,
  }),
  row(413, C.CONTEXT_LENGTH, 3, "CONTEXT_LENGTH_EXCEEDED", undefined, {
    word: "request_too_large",
  }),
  row(400, C.CONTENT_FILTER, 3, "CONTENT_FILTERED", undefined, {
    word: "content_policy_violation",
    only: OPENAI,
  }),
  row(403, C.CONTENT_FILTER, 3, "CONTENT_FILTERED", undefined, {
    text: "Content violates usage guidelines",
    only: GROK,
  }),
  row(404, C.NOT_FOUND, 5, "MODEL_NOT_FOUND", undefined, { word: "not_found_error" }),
  row(409, C.SERVER_ERROR, 14, "PROVIDER_ERROR", "-1"),
  row(400, C.VALIDATION, 3, "INVALID_REQUEST", undefined, { word: "invalid_request_error" }),
  // The model is gone for good; the law may forbid it here alone.
  row(410, C.NOT_FOUND, 5, "MODEL_NOT_FOUND", undefined),
  row(451, C.PROVIDER_PERMISSION, 9, "PROVIDER_CREDENTIALS", undefined),
  ...[405, 422].map((status) => row(status, C.VALIDATION, 3, "INVALID_REQUEST", undefined)),
  ...[408, 425, 500, 502, 503, 504, 520, 524].map((status) =>
    row(status, C.SERVER_ERROR, 14, "PROVIDER_ERROR", "-1"),
  ),
];

function bodyOf(adapter: Adapter, { word, text }: Row): object {
  const message = `${text ?? ""} ${SECRET}`;
  if (adapter === "claude") return { type: "error", error: { type: word ?? "none", message } };
  return { error: { message, type: word ?? "none", code: word ?? null, param: null } };
}

let serial = 0;
function specFor(adapter: Adapter, fault: object) {
  // It names itself, so that attempts are counted for this call alone.
  const headers = { "x-request-id": "req_7", "request-id": "req_7", "x-test": String(serial++) };
  const simulator = { faults: [{ attempt: 1, headers, ...fault }] };
  return {
    model: `m-${adapter}`,
    prompt: "Hi",
    retry: ONE_ATTEMPT,
    providerOptions: { [adapter]: { simulator: simulator as never } },
  };
}

/** What the call ended with, and what a stream said before. */
async function failure(mode: string, spec: ReturnType<typeof specFor>) {
  const events: StreamEvent[] = [];
  try {
    if (mode === "unary") await stack.client.unary(generate, { spec });
    else
      for await (const event of stack.client.stream(streamGenerate, { spec })) events.push(event);
  } catch (error) {
    const { metadata, details } = error as {
      metadata: { get(name: string): unknown[] };
      details: string;
    };
    return {
      error,
      message: details,
      typed: gatewayErrorOf(error),
      pushback: metadata.get("grpc-retry-pushback-ms")[0],
      attempts: metadata.get("x-steer-attempts")[0],
      events,
    };
  }
  throw new Error("the call succeeded");
}

describe.each(ADAPTERS)("%s", (adapter) => {
  const own = rows.filter(({ only }) => only === undefined || only.includes(adapter));
  const named = own.map((each): [string, Row] => [
    [each.status, each.word, each.text].filter(Boolean).join(" "),
    each,
  ]);

  describe.each(["unary", "stream"])("%s", (mode) => {
    it.each(named)("HTTP %s keeps its meaning", async (_name, expected) => {
      const before = stack.upstream.requests.length;
      const { status, category, code, reason } = expected;
      const spec = specFor(adapter, { status, body: bodyOf(adapter, expected) });
      const failed = await failure(mode, spec);
      expect(failed).toMatchObject({
        error: { code },
        typed: {
          category,
          reason,
          code,
          provider: adapter,
          model: `m-${adapter}`,
          attempts: [{ providerHttpStatus: status, providerRequestId: "req_7" }],
        },
        attempts: "1",
      });
      expect(failed.pushback).toBe(expected.pushback);
      expect(stack.upstream.requests.length - before).toBe(1);
      // A stream has said that it began, and says how it ended.
      const cases = failed.events.map(({ event }) => event.case);
      expect(cases).toEqual(mode === "unary" ? [] : ["start", "error"]);
      const said = JSON.stringify([failed.message, failed.typed, failed.events], (_key, value) =>
        typeof value === "bigint" ? String(value) : (value as unknown),
      );
      expect(said).not.toContain(SECRET);
    });

    it("a connection refused in mid-air is a network error", async () => {
      const failed = await failure(mode, specFor(adapter, { refuse: true }));
      expect(failed).toMatchObject({
        error: { code: 14 },
        typed: { category: C.NETWORK, reason: "PROVIDER_CONNECTION" },
        pushback: "-1",
      });
    });

    it("a page instead of an error is judged by its status", async () => {
      const body = `<html>${SECRET}</html>`;
      const failed = await failure(mode, specFor(adapter, { status: 503, body }));
      expect(failed.typed?.category).toBe(C.SERVER_ERROR);
    });

    it("A-20: an answer that breaks off or cannot be read is no success", async () => {
      for (const [fault, category] of [
        [{ cut_after_bytes: 60 }, C.NETWORK],
        [{ malformed_at: 0 }, C.PROTOCOL],
      ] as const) {
        await resetCircuits(stack.client, [adapter]);
        expect((await failure(mode, specFor(adapter, fault))).typed?.category).toBe(category);
      }
    });

    it("A-21: an error inside HTTP 200 is an error", async () => {
      const failed = await failure(mode, specFor(adapter, { error_at: 0 }));
      expect(failed.typed?.category).toBe(C.SERVER_ERROR);
    });
  });
});

describe("the log", () => {
  it("holds a line for each of them, and nothing of what the provider said", async () => {
    await stack.client.unary(generate, { spec: { model: "simulator", prompt: "Hi" } });
    await stack.service.logged({ code: "OK", provider: "simulator" });
    expect(stack.service.log.length).toBeGreaterThan(rows.length);
    expect(JSON.stringify(stack.service.log) + stack.service.errors()).not.toContain(SECRET);
    expect(stack.service.log.filter(({ event }) => event === "defect")).toEqual([]);
  });
});
