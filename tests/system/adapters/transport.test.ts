import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../../gen/es/steer/v1/error_pb.js";
import {
  type AdapterStack,
  either,
  partsOf,
  startAdapterStack,
} from "../../support/adapter-stack.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { ONE_ATTEMPT } from "../../support/reset-circuits.ts";
import { chatStream, chatWhole, type WireAnswer } from "../../support/wire-answers.ts";

// What servers and proxies do to an answer on its way: compression, and interim answers.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack();
});

afterAll(() => stack[Symbol.asyncDispose]());

const CODINGS: Readonly<Record<string, (text: string) => Buffer>> = {
  gzip: (text) => gzipSync(text),
  "x-gzip": (text) => gzipSync(text),
  deflate: (text) => deflateSync(text),
  // The best quality takes seconds for what is large.
  br: (text) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  zstd: (text) => zstdCompressSync(text),
  GZIP: (text) => gzipSync(text),
};

function coded(answer: WireAnswer, coding: string): WireAnswer {
  const isStream = typeof answer.body === "string";
  const text = isStream ? String(answer.body) : JSON.stringify(answer.body);
  const type = isStream ? "text/event-stream" : "application/json";
  return {
    ...answer,
    headers: { "content-type": type, "content-encoding": coding, ...answer.headers },
    body: CODINGS[coding]?.(text) ?? Buffer.from(text),
  };
}

const once = { retry: ONE_ATTEMPT };
const said = { content: "Grüße aus 東京 🚀".repeat(100) };

describe.each(MODES)("%s", (mode) => {
  it.each(Object.keys(CODINGS))("field:A61 an answer packed by %s", async (coding) => {
    const answer = either(coded(chatWhole(said), coding), coded(chatStream(said), coding));
    const end = await stack.call(mode, "chat", answer, once);
    expect(partsOf(end)).toEqual([`text ${said.content}`]);
    expect(stack.field.headers("chat")[0]?.["accept-encoding"]).toBe("identity");
  });

  it("field:A61 an answer that says it is as it is", async () => {
    const headers = { "content-encoding": "identity" };
    const whole = { ...chatWhole(said), headers };
    const end = await stack.call(
      mode,
      "chat",
      either(whole, { ...chatStream(said), headers }),
      once,
    );
    expect(partsOf(end)).toEqual([`text ${said.content}`]);
  });

  it.each(["gzip", "br", "zstd"])("field:A61 an error packed by %s", async (coding) => {
    const body = { error: { message: "slow down", type: "rate_limit_error" } };
    const end = await stack.call(mode, "chat", () => coded({ status: 429, body }, coding), once);
    expect(end.error?.category).toBe(ErrorCategory.RATE_LIMIT);
  });

  it("field:A61 a coding that nobody knows is no answer; a status stays what it is", async () => {
    const headers = { "content-encoding": "compress" };
    const good = { ...chatWhole(said), headers };
    const end = await stack.call(mode, "chat", () => good, once);
    expect(end.error?.category).toBe(ErrorCategory.PROTOCOL);
    const bad = { status: 401, headers, body: Buffer.from("x") };
    const failed = await stack.call(mode, "chat", () => bad, once);
    expect(failed.error?.category).toBe(ErrorCategory.PROVIDER_AUTHENTICATION);
  });

  it("field:A61 bytes that are no gzip are no answer", async () => {
    const headers = { "content-encoding": "gzip", "content-type": "application/json" };
    const end = await stack.call(
      mode,
      "chat",
      () => ({ headers, body: Buffer.from("hello") }),
      once,
    );
    expect(end.error?.category).toBe(ErrorCategory.PROTOCOL);
  });

  it.each(["gzip", "br", "zstd"])(
    "field:A61 an answer packed by %s has the bound of any other",
    async (coding) => {
      const bomb = { content: " ".repeat(40 * 1024 * 1024) };
      const answer = either(coded(chatWhole(bomb), coding), coded(chatStream(bomb), coding));
      const end = await stack.call(mode, "chat", answer, once);
      expect(end.error?.category).toBe(ErrorCategory.PROTOCOL);
    },
  );

  it.each([
    ["field:A62 100", ["continue"]],
    ["field:A62 100 twice", ["continue", "continue"]],
    ["102", ["processing"]],
    ["103", ["early-hints"]],
    ["all of them", ["processing", "continue", "early-hints"]],
  ] as const)("an interim answer before the answer: %s", async (_name, interim) => {
    const answer = either({ ...chatWhole(said), interim }, { ...chatStream(said), interim });
    for (let turn = 0; turn < 2; turn++) {
      const end = await stack.call(mode, "chat", answer, once);
      expect(partsOf(end)).toEqual([`text ${said.content}`]);
      expect(stack.field.requests("chat")).toBe(1);
    }
  });

  it("field:A62 an interim answer before an error", async () => {
    const answer: WireAnswer = { status: 400, interim: ["continue"], body: { error: "no" } };
    const end = await stack.call(mode, "chat", () => answer, once);
    expect(end.error?.category).toBe(ErrorCategory.VALIDATION);
  });
});

it("field:A61 a packed stream that is cut is told apart from a whole one", async () => {
  const words = Array.from({ length: 3000 }, (_, index) => ((index * 7919) % 10_007).toString(36));
  const whole = coded(chatStream({ content: words.join(" ") }), "gzip");
  const bytes = whole.body as Buffer;
  const body = bytes.subarray(0, bytes.length / 2);
  const end = await stack.call("stream", "chat", () => ({ ...whole, body }), once);
  expect(end.error?.category).toBe(ErrorCategory.TRUNCATED);
});
