// Which fields of a vendor's API go to the provider although the contract has no word for them, by caller.
import { createHash } from "node:crypto";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import { because, sectionLines } from "../support/explained-settings.ts";
import { type Stack, startStack } from "../support/stack.ts";

const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");

const SPEND = { spend: { total: "USD 100" } };

/** Each caller shows one rule. */
const CALLERS = {
  plain: {},
  spender: { limits: SPEND },
  lenient: { limits: { ...SPEND, allow_unpriced: true } },
  trusted: { limits: SPEND, pass: "all" },
  careful: { pass: "known" },
  chooser: { pass: "listed" },
  member: { group: "careful" },
} as const;
type CallerId = keyof typeof CALLERS;

let stack: Stack;

beforeAll(async () => {
  const callers = Object.entries(CALLERS).map(([id, more]) => {
    return { id, role: "caller", key_sha256: sha256(`key-of-${id}`), ...more };
  });
  const sections = {
    callers,
    groups: [{ id: "careful", pass: "known" }],
    doors: because("the list is what is tested", {
      pass_fields: ["x_listed", "web_search", "reasoning.mode"],
    }),
  };
  stack = await startStack({
    config: sectionLines(sections),
    env: {
      STEER_PRICING_OVERRIDES_JSON: JSON.stringify(
        Object.fromEntries(
          ["m-chat", "m-responses", "m-claude"].map((model) => [model, { input: 1, output: 1 }]),
        ),
      ),
    },
  });
});

afterAll(() => stack[Symbol.asyncDispose]());

function openai(caller: CallerId): OpenAI {
  const apiKey = `key-of-${caller}`;
  return new OpenAI({ baseURL: `${stack.service.http}/v1`, apiKey, maxRetries: 0 });
}

function anthropic(caller: CallerId): Anthropic {
  const apiKey = `key-of-${caller}`;
  return new Anthropic({ baseURL: stack.service.http, apiKey, maxRetries: 0 });
}

const MESSAGES = [{ role: "user" as const, content: "hi" }];

interface Sent {
  /** What the provider was sent. */
  readonly body: JsonObject;
  readonly betas: string | undefined;
  readonly warnings: string | null;
}

function lastSent(warnings: string | null): Sent {
  const last = stack.upstream.requests.at(-1);
  const betas = last?.headers["anthropic-beta"];
  return { body: last?.body as JsonObject, betas: betas as string | undefined, warnings };
}

async function chat(caller: CallerId, more: object, headers = {}): Promise<Sent> {
  const asked = { model: "m-chat", messages: MESSAGES, ...more };
  const { response } = await openai(caller)
    .chat.completions.create(asked, { headers })
    .withResponse();
  return lastSent(response.headers.get("x-steer-warnings"));
}

async function responses(caller: CallerId, more: object): Promise<Sent> {
  const asked = { model: "m-responses", input: "hi", ...more };
  const { response } = await openai(caller).responses.create(asked).withResponse();
  return lastSent(response.headers.get("x-steer-warnings"));
}

async function messages(caller: CallerId, more: object, betas = ""): Promise<Sent> {
  const asked = { model: "m-claude", max_tokens: 9, messages: MESSAGES, ...more };
  const headers = betas === "" ? {} : { "anthropic-beta": betas };
  const { response } = await anthropic(caller).messages.create(asked, { headers }).withResponse();
  return lastSent(response.headers.get("x-steer-warnings"));
}

/** Fields that nobody knows, that the operator lists, and that are known. */
const MIXED = { x_novel: 1, x_listed: 2, logit_bias: { 5: 1 } };

describe("fields that the contract has no word for", () => {
  it.each(["plain", "lenient", "trusted"] as const)("all pass for %s", async (caller) => {
    const { body, warnings } = await chat(caller, { ...MIXED, service_tier: "priority" });
    expect(body).toMatchObject({ ...MIXED, service_tier: "priority" });
    expect(String(warnings)).not.toContain("PARAMETER_DROPPED");
  });

  it.each(["spender", "chooser"] as const)("pass for %s if known or listed", async (caller) => {
    const { body, warnings } = await chat(caller, MIXED);
    const { x_novel: _, ...passed } = MIXED;
    expect(body).toMatchObject(passed);
    expect(body).not.toHaveProperty("x_novel");
    expect(warnings).toBe(
      caller === "spender"
        ? "PARAMETER_DROPPED x_novel, CALLER_LIMIT_APPLIED sampling.max_output_tokens"
        : "PARAMETER_DROPPED x_novel",
    );
  });

  it.each(["careful", "member"] as const)("pass for %s if known", async (caller) => {
    const { body, warnings } = await chat(caller, { ...MIXED, store: true });
    expect(body).toMatchObject({ logit_bias: { 5: 1 } });
    for (const name of ["x_novel", "x_listed", "store"]) expect(body).not.toHaveProperty(name);
    expect(warnings).toBe(
      "PARAMETER_DROPPED x_novel, PARAMETER_DROPPED x_listed, PARAMETER_DROPPED store",
    );
  });

  it("are an error where the request wants none left out", async () => {
    const before = stack.upstream.requests.length;
    const refused = chat("careful", MIXED, { "x-steer-unsupported": "reject" });
    await expect(refused).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(refused).rejects.toMatchObject({ param: "x_novel" });
    expect(stack.upstream.requests).toHaveLength(before);
  });

  it("do not pass by the options of a provider either", async () => {
    const steer = { providerOptions: { chat: { x_novel: 1, verbosity: "low" } } };
    const { body, warnings } = await chat("careful", { steer });
    expect(body).toMatchObject({ verbosity: "low" });
    expect(body).not.toHaveProperty("x_novel");
    expect(warnings).toBe("PARAMETER_DROPPED x_novel");
  });

  it("are left out of a stream, which says so", async () => {
    const asked = { model: "m-chat", messages: MESSAGES, stream: true as const, ...MIXED };
    const { data, response } = await openai("careful")
      .chat.completions.create(asked)
      .withResponse();
    for await (const _ of data);
    expect(response.headers.get("x-steer-warnings")).toContain("PARAMETER_DROPPED x_novel");
    expect(stack.upstream.requests.at(-1)?.body).not.toHaveProperty("x_novel");
  });
});

describe("where a spend limit holds", () => {
  it.each([
    ["a tier", { service_tier: "priority" }, "service_tier"],
    ["a search", { web_search_options: {} }, "web_search_options"],
  ])("%s of unknown price is refused in Chat", async (_, more, field) => {
    const before = stack.upstream.requests.length;
    const refused = chat("spender", more);
    await expect(refused).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    await expect(refused).rejects.toMatchObject({ code: "insufficient_quota", param: field });
    expect(stack.upstream.requests).toHaveLength(before);
  });

  it("the vendor's own tools are refused if they are billed, and those of the list pass", async () => {
    const interpreter = { type: "code_interpreter", container: { type: "auto" } };
    await expect(responses("spender", { tools: [interpreter] })).rejects.toMatchObject({
      status: 429,
      param: "tools[0]",
    });
    const tools = [{ type: "web_search" }, { type: "apply_patch" }];
    expect((await responses("spender", { tools })).body).toMatchObject({ tools });
  });

  it("a field within an object is told from the others", async () => {
    const reasoning = { mode: "pro", context: "auto" };
    expect((await responses("spender", { reasoning })).body).toMatchObject({ reasoning });
    const geo = messages("spender", { inference_geo: "us" });
    await expect(geo).rejects.toMatchObject({ status: 429 });
    expect((await messages("spender", { inference_geo: "global" })).body).toMatchObject({
      inference_geo: "global",
    });
  });

  it("values that change nothing pass", async () => {
    const plain = { service_tier: "auto", store: false };
    expect((await chat("spender", plain)).body).toMatchObject(plain);
  });

  it("unknown and dear betas are left out of the header, so that coding agents go on", async () => {
    const betas = "claude-code-20250219,novel-2030-01-01,context-1m-2025-08-07,effort-2025-11-24";
    const sent = await messages("spender", { thinking: { type: "adaptive" } }, betas);
    expect(sent.betas).toBe("claude-code-20250219,effort-2025-11-24");
    expect(sent.warnings).toBe(
      "PARAMETER_DROPPED novel-2030-01-01, PARAMETER_DROPPED context-1m-2025-08-07",
    );
    expect(sent.body).toMatchObject({ thinking: { type: "adaptive" } });
  });
});
