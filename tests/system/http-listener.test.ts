import http, { type ClientRequest, type IncomingMessage } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { isJsonObject } from "../../src/domain/json.ts";
import { type ConnectFrame, connectFrame, connectFrames } from "../support/connect-wire.ts";
import { openFiles, residentMiB } from "../support/process-figures.ts";
import { eventually, type Stack, startStack } from "../support/stack.ts";

const MIB = 1024 * 1024;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

function url(method: string): string {
  return `${stack.service.http}/${GenerationService.typeName}/${method}`;
}

function post(method: string, body: string | Buffer, headers: Record<string, string> = {}) {
  return fetch(url(method), {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

function simulated(script: object, prompt = "Hi") {
  return { spec: { model: "simulator", prompt, providerOptions: { simulator: script } } };
}

function viaChat(script: object) {
  return {
    spec: { model: "m-chat", prompt: "Hi", providerOptions: { chat: { simulator: script } } },
  };
}

/** Streams that end with their only reader. */
const EPHEMERAL = { options: { ephemeral: true } };
const STORED = { options: { onDisconnect: "DISCONNECT_POLICY_CANCEL" } };

/** A stream on a connection of its own, which the test can stop reading or break. */
async function openStream(
  request: object,
): Promise<{ readonly request: ClientRequest; readonly response: IncomingMessage }> {
  const sent = http.request(url("StreamGenerate"), {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/connect+json" },
  });
  sent.on("error", () => {});
  sent.end(connectFrame(request));
  const response = await new Promise<IncomingMessage>((resolve) => sent.once("response", resolve));
  response.on("error", () => {});
  return { request: sent, response };
}

/** Outlasts every deadline here. */
const ENDLESS = { tokens: 1_000, pace_ms: 50 };

/**
 * What comes of a stream whose deadline passes after its start. The typed error has a tenth of the deadline to
 * arrive before the library's bare one: on a busy machine longer ones are tried.
 */
async function cutByDeadline(request: object): Promise<readonly ConnectFrame[]> {
  let frames: readonly ConnectFrame[] = [];
  for (const deadlineMs of [300, 1_200, 4_800, 19_200]) {
    const response = await fetch(url("StreamGenerate"), {
      method: "POST",
      headers: {
        "content-type": "application/connect+json",
        "connect-timeout-ms": String(deadlineMs),
      },
      body: connectFrame(request),
    });
    frames = connectFrames(Buffer.from(await response.arrayBuffer()));
    const error = frames.at(-1)?.message["error"];
    if (isJsonObject(error) && error["details"] !== undefined) break;
  }
  return frames;
}

describe("a stream over HTTP", () => {
  it("A-38: carries each delta before the provider sends the next", async () => {
    stack.upstream.hold();
    const { response } = await openStream(viaChat({ tokens: 10 }));
    let bytes = Buffer.alloc(0);
    response.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
    const texts = (): string[] =>
      connectFrames(bytes).flatMap(({ message }) => {
        const delta = message["textDelta"] as { text?: string } | undefined;
        return delta === undefined ? [] : [delta.text ?? ""];
      });
    // The header and `start` are there while the provider has said nothing.
    await eventually(() => connectFrames(bytes).some(({ message }) => "start" in message));
    expect(texts()).toEqual([]);
    for (let sent = 1; sent <= 10; sent++) {
      stack.upstream.release(1);
      await eventually(() => texts().length === sent);
    }
    stack.upstream.release(1_000_000);
    await eventually(() => connectFrames(bytes).some(({ end }) => end));
    expect(texts()).toEqual(Array.from({ length: 10 }, (_, index) => `word${index} `));
  });

  it("A-39: is never compressed, whatever the caller takes", async () => {
    const response = await fetch(url("StreamGenerate"), {
      method: "POST",
      headers: {
        "content-type": "application/connect+json",
        "accept-encoding": "gzip, br",
        "connect-accept-encoding": "gzip, br",
      },
      body: connectFrame(simulated({ tokens: 2_000 })),
    });
    expect(response.headers.get("content-encoding")).toBeNull();
    const frames = connectFrames(Buffer.from(await response.arrayBuffer()));
    const small = frames.filter(({ message }) => "textDelta" in message);
    expect(small.some(({ compressed }) => compressed)).toBe(false);
  });

  it("field:E11 outlives the deadline of a reader, whose call ends with a typed DEADLINE_EXCEEDED", async () => {
    const frames = await cutByDeadline(simulated(ENDLESS));
    const error = frames.at(-1)?.message["error"];
    expect(error).toMatchObject({ code: "deadline_exceeded" });
    const { details } = error as unknown as { readonly details: readonly { value: string }[] };
    const told = details.map(({ value }) => Buffer.from(value, "base64").toString("latin1"));
    // The stream goes on: the reason is the delivery's and not the generation's.
    expect(told.join()).toContain("DELIVERY_DEADLINE");
    expect(told.join()).not.toContain("TOTAL_TIMEOUT");
  });

  it("ends by the caller's deadline with the typed error", async () => {
    // A stored stream outlives the call, and so its deadline.
    const frames = await cutByDeadline({ ...simulated(ENDLESS), ...EPHEMERAL });
    expect(frames.at(-2)?.message).toMatchObject({
      error: { error: { category: "ERROR_CATEGORY_TOTAL_TIMEOUT" } },
    });
    expect(frames.at(-1)).toMatchObject({
      end: true,
      message: { error: { code: "deadline_exceeded" }, metadata: { "x-steer-attempts": ["1"] } },
    });
  });

  it("A-1: that its reader breaks off while it lags is a cancelled call, no defect", async () => {
    const count = stack.upstream.requests.length;
    const { request, response } = await openStream({
      ...viaChat({ tokens: 200_000, text: "x" }),
      ...EPHEMERAL,
    });
    response.pause();
    await eventually(() => stack.upstream.requests.length > count);
    const upstream = stack.upstream.requests[count];
    if (upstream === undefined) throw new Error("no request");
    let last = -1;
    await eventually(async () => {
      const stuck = upstream.sent > 0 && upstream.sent === last;
      last = upstream.sent;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return stuck;
    });
    // Held back: what lies in between is what the sockets take.
    expect(upstream.sent).toBeLessThan(150_000);
    expect(residentMiB(stack.service.pid)).toBeLessThan(400);
    const logged = stack.service.log.length;
    request.destroy();
    // A stored stream of another test may end meanwhile, which has its own line.
    const lines = () =>
      stack.service.log.slice(logged).filter(({ event }) => event !== "generation");
    await eventually(() => upstream.closedAt !== undefined && lines().length > 0);
    expect(lines()).toMatchObject([{ event: "call", code: "CANCELLED" }]);
  });

  it("A-64: broken off a thousand times leaves no handle, here or upstream", async () => {
    const before = openFiles(stack.service.pid);
    const count = stack.upstream.requests.length;
    const logged = stack.service.log.length;
    for (let batch = 0; batch < 20; batch++) {
      const ending = batch % 2 === 0 ? EPHEMERAL : STORED;
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const { request, response } = await openStream({
            ...viaChat({ tokens: 100, pace_ms: 50 }),
            ...ending,
          });
          await new Promise<void>((resolve) => {
            response.on("data", (chunk: Buffer) => {
              if (chunk.includes("textDelta")) resolve();
            });
          });
          request.destroy();
        }),
      );
    }
    const opened = stack.upstream.requests.slice(count);
    expect(opened).toHaveLength(1_000);
    await eventually(() => opened.every(({ closedAt }) => closedAt !== undefined));
    await eventually(() => openFiles(stack.service.pid) <= before + 2);
    const lines = stack.service.log.slice(logged);
    const calls = lines.filter(({ event }) => event === "call");
    expect(calls.filter(({ code }) => code !== "CANCELLED")).toEqual([]);
    // Nothing else is told but how the stored ones have ended.
    expect(lines.every(({ event }) => event === "call" || event === "generation")).toBe(true);
    expect((await post("Generate", JSON.stringify(simulated({})))).status).toBe(200);
  });
});

describe("a request over HTTP", () => {
  it("may be compressed, and its answer is where the caller takes it", async () => {
    const response = await post("Generate", gzipSync(JSON.stringify(simulated({}))), {
      "content-encoding": "gzip",
      "accept-encoding": "gzip",
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(await response.json()).toMatchObject({ generation: { provider: "simulator" } });
  });

  it.each<[string, () => [string | Buffer, Record<string, string>]]>([
    ["is too large", () => [JSON.stringify(simulated({}, "x".repeat(33 * MIB))), {}]],
    [
      "grows too large",
      () => [gzipSync(Buffer.alloc(200 * MIB, 32)), { "content-encoding": "gzip" }],
    ],
  ])("that %s is RESOURCE_EXHAUSTED, and the next one is served", async (_name, make) => {
    const [body, headers] = make();
    const response = await post("Generate", body, headers);
    expect([response.status, await response.json()]).toMatchObject([
      429,
      { code: "resource_exhausted" },
    ]);
    expect((await post("Generate", JSON.stringify(simulated({})))).status).toBe(200);
  });

  it.each([
    ["for a method that is not there", "Nothing", "{}", {}, 404],
    ["in another format", "Generate", "x", { "content-type": "text/plain" }, 415],
    ["that is no JSON", "Generate", "{", {}, 400],
    ["with text that is no Unicode", "Generate", '{"spec":{"model":"a\\ud800b"}}', {}, 400],
    [
      "whose deadline has passed",
      "Generate",
      JSON.stringify(simulated({})),
      { "connect-timeout-ms": "0" },
      504,
    ],
  ] as const)("%s is refused", async (_name, method, body, headers, status) => {
    expect((await post(method, body, headers)).status).toBe(status);
  });

  it("comes back with its name in the error whatever its letters", async () => {
    const name = 'modèle\n東京 %"🚀';
    const response = await post(
      "Generate",
      JSON.stringify({ spec: { model: name, prompt: "Hi" } }),
    );
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { code: "not_found", message: expect.stringContaining("東京 %") as string },
    ]);
  });
});
