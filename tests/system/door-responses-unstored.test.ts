// A service that stores no responses.
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Stack, startStack } from "../support/stack.ts";

const ID = `resp_${"0".repeat(32)}`;
const request = { model: "m-chat", input: "hi" };

let stack: Stack;
let client: OpenAI;

beforeAll(async () => {
  stack = await startStack({
    config: "doors: {store: false} # because: the setting is what is tested\n",
  });
  client = new OpenAI({ baseURL: `${stack.service.http}/v1`, apiKey: "unused", maxRetries: 0 });
});

beforeEach(() => {
  stack.upstream.requests.length = 0;
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

describe("without stored responses", () => {
  it("answers come whole and streamed, and cannot be retrieved", async () => {
    const whole = await client.responses.create(request);
    expect(whole.status).toBe("completed");
    let id = "";
    const types: string[] = [];
    for await (const event of await client.responses.create({ ...request, stream: true })) {
      types.push(event.type);
      if (event.type === "response.created") id = event.response.id;
    }
    expect(types.at(-1)).toBe("response.completed");
    for (const each of [whole.id, id, ID]) {
      for (const asked of [
        () => client.responses.retrieve(each),
        () => client.responses.retrieve(each, { stream: true }),
        () => client.responses.cancel(each),
        () => client.responses.delete(each),
        () => client.responses.inputItems.list(each),
      ]) {
        const error = await asked().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).toBeInstanceOf(OpenAI.NotFoundError);
        expect((error as Error).message).toContain("doors.store");
      }
    }
  });

  it.each([
    ["store", { store: true }],
    ["background", { background: true }],
    ["background", { background: true, store: false }],
    ["previous_response_id", { previous_response_id: ID }],
    ["previous_response_id", { previous_response_id: ID, store: false }],
  ])("a request that needs them is refused by its field: %s", async (param, more) => {
    const asked = client.responses.create({ ...request, ...more });
    await expect(asked).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(asked).rejects.toMatchObject({ param });
    expect(stack.upstream.requests).toEqual([]);
  });
});
