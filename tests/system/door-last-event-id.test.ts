// A reader that comes back to a Chat or Messages stream with the last event that it has.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Stack, startStack } from "../support/stack.ts";

const WORDS = 5;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

const script = { simulator: { tokens: WORDS, reasoning: "hm" } };
const user = { role: "user", content: "hi" };
const DOORS = [
  ["Chat", "/v1/chat/completions", { model: "m-chat", messages: [user], ...script }],
  ["Messages", "/v1/messages", { model: "m-claude", max_tokens: 50, messages: [user], ...script }],
] as const;

async function post(path: string, body: object, headers: Record<string, string>) {
  const response = await fetch(`${stack.service.http}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ ...body, stream: true }),
  });
  const text = await response.text();
  const events = text.split("\n\n").filter((event) => event.startsWith("id: "));
  return { status: response.status, text, events };
}

const idOf = (event: string): string => event.slice("id: ".length, event.indexOf("\n"));

describe.each(DOORS)("a stream of %s", (name, path, body) => {
  it("goes on behind every event", async () => {
    const key = `again-${name}-1`;
    const whole = await post(path, body, { "idempotency-key": key });
    expect(new Set(whole.events.map(idOf)).size).toBe(whole.events.length);
    expect(whole.events.length).toBeGreaterThan(WORDS);
    const asked = stack.upstream.requests.length;
    for (const [index, event] of whole.events.entries()) {
      const headers = { "idempotency-key": key, "last-event-id": idOf(event) };
      const rest = await post(path, body, headers);
      expect(rest.events).toEqual(whole.events.slice(index + 1));
    }
    expect(stack.upstream.requests).toHaveLength(asked);
  });

  it.each([
    ["a key that began nothing", { "idempotency-key": "nobody-knows-it" }, 404],
    ["no key", {}, 400],
  ] as const)("begins nothing with %s", async (_what, headers, status) => {
    const asked = stack.upstream.requests.length;
    const answer = await post(path, body, { ...headers, "last-event-id": "3.0.0" });
    expect(answer.status).toBe(status);
    expect(stack.upstream.requests).toHaveLength(asked);
  });

  it("refuses another request, another writer and what is no event", async () => {
    const key = `other-${name}-1`;
    const { events } = await post(path, body, { "idempotency-key": key });
    const [sequence] = idOf(events[1] ?? "").split(".");
    const again = { "idempotency-key": key, "last-event-id": idOf(events[0] ?? "") };
    const other = { ...body, messages: [{ role: "user", content: "else" }] };
    expect((await post(path, other, again)).status).toBe(409);
    expect((await post(path, body, { ...again, "last-event-id": "no" })).status).toBe(400);
    const foreign = { ...again, "last-event-id": `${sequence}.12345.0` };
    expect((await post(path, body, foreign)).status).toBe(500);
  });
});
