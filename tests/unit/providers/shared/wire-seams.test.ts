// A signed request, a credential that is renewed, and binary frames, over a real HTTP server.
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import { RefreshedCredential } from "../../../../src/providers/shared/refreshed-credential.ts";
import { collectEvents } from "../../../support/collect-events.ts";
import {
  createEventStreamProvider,
  encodeFrame,
  type SigningKey,
  signatureOf,
} from "../../../support/event-stream-type.ts";
import { type SeenRequest, startHttpUpstream } from "../../../support/http-upstream.ts";
import { testRequest } from "../../../support/provider-request.ts";

const OLD: SigningKey = { id: "AKIDOLD", secret: "old-secret" };
const NEW: SigningKey = { id: "AKIDNEW", secret: "new-secret" };

const FRAMES = [
  encodeFrame("messageStart", { role: "assistant" }),
  encodeFrame("contentBlockDelta", { delta: { text: "Grüße\n\n" } }),
  encodeFrame("contentBlockDelta", { delta: { text: "data: [DONE]" } }),
  encodeFrame("messageStop", { stopReason: "end_turn" }),
];

const EVENTS = [
  { type: "text-delta", partIndex: 0, text: "Grüße\n\n" },
  { type: "text-delta", partIndex: 0, text: "data: [DONE]" },
  { type: "part-end", partIndex: 0 },
  { type: "finish", reason: "stop", rawReason: "end_turn" },
];

const never = new AbortController().signal;

/** The server has the key, and the signature is that of the bytes that it has got. */
function isSignedBy(key: SigningKey, { request, body }: SeenRequest): boolean {
  const { headers, url = "" } = request;
  const date = String(headers["x-amz-date"]);
  const contentType = String(headers["content-type"]);
  return headers.authorization === signatureOf({ path: url, date, contentType, body }, key);
}

/** A call to a server that accepts one key and answers with `frames`; `issued` are keys by their turn. */
async function call(accepted: SigningKey, issued: readonly SigningKey[], frames = FRAMES) {
  await using upstream = await startHttpUpstream((seen) => {
    const { response } = seen;
    if (!isSignedBy(accepted, seen)) {
      response.writeHead(403, { "content-type": "application/json" });
      response.end('{"code":"ExpiredTokenException","message":"expired"}');
      return;
    }
    response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" });
    for (const byte of Buffer.concat(frames)) response.write(Buffer.of(byte));
    response.end();
  });
  let turn = 0;
  const source = new RefreshedCredential<SigningKey>({
    clock: systemClock,
    first: { credential: OLD, expiresAt: undefined },
    async issue() {
      const credential = issued[Math.min(turn++, issued.length - 1)] ?? OLD;
      return { credential, expiresAt: undefined };
    },
  });
  const provider = createEventStreamProvider(upstream.baseUrl, systemClock, source);
  try {
    const request = testRequest({ stream: true });
    const collected = await collectEvents(provider.generate(request, AbortSignal.timeout(10_000)));
    return { ...collected, seen: upstream.seen, questions: turn };
  } finally {
    await provider.close();
  }
}

describe("a wire that is more than JSON over server-sent events", () => {
  it("is signed with its path, headers and body, and read in binary frames", async () => {
    const { events, error, seen } = await call(OLD, []);
    expect(error).toBeUndefined();
    expect(events).toEqual(EVENTS);
    expect(seen).toHaveLength(1);
  });

  it("is signed anew, once, with the credential that has replaced a refused one", async () => {
    const { events, seen, questions } = await call(NEW, [NEW]);
    expect(events).toEqual(EVENTS);
    expect(seen.map((each) => [OLD, NEW].findIndex((key) => isSignedBy(key, each)))).toEqual([
      0, 1,
    ]);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
    expect(questions).toBe(1);
  });

  it("fails by the provider's words if the new credential is refused as well", async () => {
    const other: SigningKey = { id: "AKIDOTHER", secret: "other" };
    const { error, seen } = await call(NEW, [other]);
    expect(error).toMatchObject({
      kind: "provider-authentication",
      providerFailure: { httpStatus: 403, code: "ExpiredTokenException" },
    });
    expect(seen).toHaveLength(2);
  });

  it("fails by the provider's words, without another request, if there is no new one", async () => {
    const { error, seen } = await call(NEW, [OLD]);
    expect(error).toMatchObject({ kind: "provider-authentication" });
    expect(seen).toHaveLength(1);
  });

  it("is truncated without its last frame, and without a part of it", async () => {
    const cut = FRAMES.with(-1, FRAMES.at(-1)?.subarray(0, 20) ?? Buffer.alloc(0));
    for (const frames of [FRAMES.slice(0, -1), cut]) {
      const { events, error } = await call(OLD, [], frames);
      expect(error).toMatchObject({ kind: "truncated" });
      expect(events).toEqual(EVENTS.slice(0, 2));
    }
  });

  it("ends the question for a credential that runs when it is closed", async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const source = new RefreshedCredential<SigningKey>({
      clock: systemClock,
      issue(signal) {
        asked.resolve(signal);
        return new Promise(() => {});
      },
    });
    const provider = createEventStreamProvider("http://127.0.0.1:1/v1", systemClock, source);
    const answer = collectEvents(provider.generate(testRequest({ stream: true }), never));
    const signal = await asked.promise;
    await provider.close();
    expect(signal.aborted).toBe(true);
    expect(await answer).toMatchObject({ error: { kind: "provider-authentication" } });
  });
});
