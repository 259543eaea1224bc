// Responses at several replicas with one Redis: the same bytes for every reader, and what the store keeps of them.
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type HttpUpstream, startHttpUpstream } from "../support/http-upstream.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { chatStream, type WireAnswer, writeAnswer } from "../support/wire-answers.ts";

const HOUR_MS = 3_600_000;
const UNAVAILABLE = { error: { message: "overloaded" } };

let redis: RedisServer;
let upstream: HttpUpstream;
let replicas: readonly ServiceProcess[];
/** Answers of the provider, the next one first; the last one stays. */
let answers: WireAnswer[];

function configuration(url: string): string {
  return `
stream: {store_timeout: 10s} # because: a busy machine is no store that is away
providers:
  - {id: up, type: openai, base_url: "${url}", api_key_env: UP_KEY}
models:
  - {id: m, provider: up}
`;
}

beforeAll(async () => {
  redis = await startRedis();
  upstream = await startHttpUpstream(({ response }) => {
    const [answer] = answers;
    if (answers.length > 1) answers.shift();
    writeAnswer(response, answer ?? chatStream({ content: "hello" }));
  });
  const env = { STEER_STREAM_STORE: redis.url, UP_KEY: "secret-key" };
  const start = () => startService({ env, config: configuration(upstream.baseUrl) });
  replicas = await Promise.all([start(), start()]);
});

beforeEach(() => {
  answers = [];
  upstream.seen.length = 0;
});

afterAll(async () => {
  for (const service of replicas) await service.stop();
  await upstream[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

function clientOf(replica: number): OpenAI {
  const baseURL = `${replicas[replica]?.http}/v1`;
  return new OpenAI({ baseURL, apiKey: "unused", maxRetries: 0 });
}

function ask(
  replica: number,
  path: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${replicas[replica]?.http}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

const keyOf = (id: string): string => `{steer}:s:s.${id.slice("resp_".length)}:q`;

/** Changes the stored request of a response by an expression of Lua over its text `s`. */
async function changeRequest(id: string, expression: string): Promise<void> {
  const script = `local s = redis.call('GET', KEYS[1])
    return redis.call('SET', KEYS[1], ${expression}, 'KEEPTTL')`;
  expect(await redis.command("EVAL", script, "1", keyOf(id))).toBe("OK");
}

async function create(replica: number): Promise<string> {
  return (await clientOf(replica).responses.create({ model: "m", input: "hi" })).id;
}

const LONG = "x".repeat(5 * 1024 * 1024);

describe("every reader at every replica gets the same bytes", () => {
  it.each([
    ["of a short answer", [chatStream({ content: "hello" })]],
    [
      "of an answer after a failover",
      [{ status: 503, body: UNAVAILABLE }, chatStream({ content: "hello" })],
    ],
    ["of an answer of more than 4 MiB", [chatStream({ content: LONG })]],
  ])("%s", async (_what, given) => {
    answers = [...given];
    const created = await ask(0, "/v1/responses", { model: "m", input: "hi", stream: true });
    const text = await created.text();
    const id = /"id":"(resp_[0-9a-f]+)"/.exec(text)?.[1] ?? "";
    expect(text).toContain("response.completed");
    const read = async (replica: number, more = "") =>
      (await ask(replica, `/v1/responses/${id}?stream=true${more}`)).text();
    expect((await read(0)) === text).toBe(true);
    expect((await read(1)) === text).toBe(true);
    const [at0, at1] = [await read(0, "&starting_after=2"), await read(1, "&starting_after=2")];
    expect(at0 === at1 && text.endsWith(at0)).toBe(true);
    const states = [0, 1].map(async (replica) =>
      (await ask(replica, `/v1/responses/${id}`)).json(),
    );
    expect(await states[0]).toEqual(await states[1]);
    // An earlier release wrote nothing beside the request.
    await changeRequest(id, "string.sub(s, string.find(s, '}', 1, true) + 1)");
    expect((await read(1)) === text).toBe(true);
  });

  it("of an answer that was held back, and begun again behind lost output", async () => {
    const broken = chatStream({ content: "lost" });
    const cut = String(broken.body).split("\n\n")[0];
    answers = [{ body: `${cut}\n\n` }, chatStream({ content: "hello" })];
    const request = { model: "m", input: "hi", stream: true };
    const key = { "idempotency-key": "held-back" };
    const held = { "x-steer-commit": "complete", ...key };
    const created = await ask(0, "/v1/responses", request, held);
    const text = (await created.text()).replaceAll(": keep-alive\n\n", "");
    const id = /"id":"(resp_[0-9a-f]+)"/.exec(text)?.[1] ?? "";
    expect([text.includes("hello"), text.includes("lost")]).toEqual([true, false]);
    const numbers = [...text.matchAll(/"sequence_number":(\d+)/g)].map(([, number]) =>
      Number(number),
    );
    expect(numbers).toEqual(numbers.map((_, index) => index));
    for (const replica of [0, 1]) {
      expect(await (await ask(replica, `/v1/responses/${id}?stream=true`)).text()).toBe(text);
      const rest = await ask(replica, `/v1/responses/${id}?stream=true&starting_after=3`);
      expect(text.endsWith(await rest.text())).toBe(true);
      expect((await clientOf(replica).responses.retrieve(id)).output_text).toBe("hello");
    }
    // What was asked for first holds for every call of the key.
    const again = await ask(1, "/v1/responses", request, key);
    expect(again.headers.get("x-steer-replayed")).toBe("true");
    expect(await again.text()).toBe(text);
    expect(upstream.seen).toHaveLength(2);
    // Nothing has gone out when it fails.
    answers = [{ body: `${cut}\n\n` }];
    const failed = await ask(0, "/v1/responses", request, { "x-steer-commit": "complete" });
    expect(failed.status).toBe(503);
    const failedId = `resp_${failed.headers.get("x-steer-stream-id")?.slice("s.".length)}`;
    const state = await clientOf(1).responses.retrieve(failedId);
    expect(state).toMatchObject({ status: "failed", output: [] });
  });

  it("or a refusal of a replica that does not know how they are written", async () => {
    const id = await create(0);
    await changeRequest(id, `(string.gsub(s, '"encoder":1', '"encoder":2', 1))`);
    const path = `/v1/responses/${id}`;
    const next = { model: "m", input: "hi", previous_response_id: id };
    for (const replica of [0, 1]) {
      for (const answer of [
        await ask(replica, path),
        await ask(replica, `${path}?stream=true`),
        await ask(replica, `${path}/input_items`),
        await ask(replica, `${path}/cancel`, {}),
        await ask(replica, "/v1/responses", next),
      ]) {
        expect(answer.status).toBe(503);
        expect(answer.headers.get("retry-after")).toBe("1");
        expect(await answer.json()).toMatchObject({ error: { code: "encoder_unknown" } });
      }
    }
    await changeRequest(id, `(string.gsub(s, '"encoder":2', '"encoder":1', 1))`);
    expect((await clientOf(1).responses.retrieve(id)).output_text).toBe("hello");
    await changeRequest(id, `(string.gsub(s, '"encoder":1', '"encoder":9', 1))`);
    await clientOf(1).responses.delete(id);
    await expect(clientOf(0).responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });
});

describe("the request of a response", () => {
  it("stays as long as its events, for an hour, and goes with them", async () => {
    const id = await create(0);
    const base = keyOf(id).slice(0, -1);
    const ttls = async () => {
      const keys = (await redis.command("KEYS", `${base}*`)) as string[];
      const kept = keys.filter((key) => !key.endsWith(":h"));
      const times = await Promise.all(kept.map((key) => redis.command("PTTL", key)));
      return times.map(Number);
    };
    const [first = 0, second = 0, ...more] = await ttls();
    expect(more).toEqual([]);
    expect(Math.abs(first - second)).toBeLessThan(60_000);
    expect(Math.min(first, second)).toBeGreaterThan(HOUR_MS - 600_000);
    expect(Math.max(first, second)).toBeLessThanOrEqual(HOUR_MS);
    await clientOf(1).responses.delete(id);
    expect(await ttls()).toEqual([]);
  });

  it("is gone when its time is over, and the response with it", async () => {
    const id = await create(0);
    const base = keyOf(id).slice(0, -1);
    const keys = (await redis.command("KEYS", `${base}*`)) as string[];
    // As Redis itself does after the hour.
    const due = keys.filter((key) => !key.endsWith(":h"));
    for (const key of due) expect(await redis.command("PEXPIRE", key, "0")).toBe(1);
    for (const replica of [0, 1]) {
      const { responses } = clientOf(replica);
      for (const asked of [
        () => responses.retrieve(id),
        () => responses.retrieve(id, { stream: true }),
        () => responses.inputItems.list(id),
        () => responses.cancel(id),
        () => responses.delete(id),
      ]) {
        await expect(asked()).rejects.toMatchObject({ status: 404, code: "not_found" });
      }
      const next = { model: "m", input: "hi", previous_response_id: id };
      await expect(responses.create(next)).rejects.toMatchObject({
        status: 400,
        code: "previous_response_not_found",
      });
    }
  });

  it("lets another replica go on with the conversation, also with a long answer", async () => {
    answers = [chatStream({ content: LONG }), chatStream({ content: "hello" })];
    const first = await create(0);
    const second = await clientOf(1).responses.create({
      model: "m",
      input: "more",
      previous_response_id: first,
    });
    const { messages } = JSON.parse(upstream.seen.at(-1)?.body ?? "") as {
      messages: { role: string; content: string }[];
    };
    const told = messages.map(({ role, content }) => [role, content.length]);
    expect(told).toEqual([
      ["user", 2],
      ["assistant", LONG.length],
      ["user", 4],
    ]);
    const page = await clientOf(0).responses.inputItems.list(second.id, { order: "asc" });
    expect(page.data).toHaveLength(3);
  });
});
