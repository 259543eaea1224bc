// Why a response cannot be gone on with: the vendor's error for what is the caller's, and an error of its own for the rest.
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { StreamEventBody } from "../../../src/domain/generation.ts";
import { WHOLE_ANSWER } from "../../../src/domain/stream-options.ts";
import { Conversations } from "../../../src/doors/openai-responses/conversations.ts";
import { decodeRequest } from "../../../src/doors/openai-responses/decode-request.ts";
import { encodeRecord, recordOf } from "../../../src/doors/openai-responses/response-record.ts";
import { KeptRequests } from "../../../src/doors/shared/kept-requests.ts";
import type { Gateway, StreamDelivery } from "../../../src/ports/gateway.ts";
import { createContract } from "../../../src/rpc/contract.ts";
import { storeUnavailable } from "../../../src/store/store-errors.ts";
import { streamExpired, streamNotFound } from "../../../src/streams/stream-errors.ts";

const contract = createContract();
const STREAM = { streamId: "s.1", createTimeMs: 0 };
const BODY = { model: "m", input: "hi", instructions: "be brief" };

function requestOf(body: object) {
  return decodeRequest({ ...BODY, ...body }, true);
}

/** The request of a stored response, with the note of this release or another one. */
function stored(note?: Uint8Array): Uint8Array {
  const own = encodeRecord(recordOf(STREAM, { hasInstructions: true }));
  return contract.accept(requestOf({}), WHOLE_ANSWER).request(note ?? own);
}

interface Setting {
  readonly request?: Uint8Array;
  readonly isRunning?: boolean;
  readonly refusal?: GatewayError;
  readonly bodies?: readonly StreamEventBody[];
  readonly deliveries?: readonly StreamDelivery[];
  readonly maxBytes?: number;
}

const END = {
  type: "complete",
  generation: { message: { role: "assistant", parts: [{ type: "text", text: "hello" }] } },
  message: "whole",
} as unknown as StreamEventBody;
const FAILURE = { type: "error", failure: {} } as unknown as StreamEventBody;

function resolve({
  request = stored(),
  isRunning = false,
  refusal,
  bodies = [END],
  deliveries,
  maxBytes = 1_000,
}: Setting) {
  const events = bodies.map((_, index) => Buffer.of(index));
  const gateway: Pick<Gateway, "storedRequest" | "resumeStream"> = {
    async storedRequest(caller, streamId, most) {
      expect([caller, streamId]).toEqual(["alice", "s.1"]);
      if (refusal !== undefined) throw refusal;
      return { isRunning, request: request.subarray(0, most) };
    },
    resumeStream: async () =>
      ({
        deliveries: (async function* () {
          yield* deliveries ?? [{ type: "events", events } as const];
        })(),
      }) as never,
  };
  const decodeEvent = (bytes: Uint8Array) => ({ body: bodies[bytes[0] ?? 0] }) as never;
  const kept = new KeptRequests({ gateway, contract: { ...contract, decodeEvent }, maxBytes });
  const call = { caller: { id: "alice" }, signal: new AbortController().signal } as never;
  return new Conversations(kept).resolve(call, requestOf({ previous_response_id: "resp_1" }));
}

describe("a conversation that goes on", () => {
  it("stands between the instructions and the input of the request", async () => {
    const { spec } = await resolve({});
    const texts = spec.messages.map(({ role, parts: [part] }) => [
      role,
      part?.type === "text" ? part.text : "",
    ]);
    expect(texts).toEqual([
      ["system", "be brief"],
      ["user", "hi"],
      ["assistant", "hello"],
      ["user", "hi"],
    ]);
  });

  it.each<readonly [string, Setting]>([
    ["unknown, or another caller's", { refusal: streamNotFound("s.1") }],
    ["expired", { refusal: streamExpired("s.1") }],
    ["without a request", { request: new Uint8Array() }],
    ["still made", { isRunning: true }],
    ["failed", { bodies: [FAILURE] }],
    ["longer than a request can be", { maxBytes: 10 }],
  ])("is the vendor's error for a response that is %s", async (_what, setting) => {
    await expect(resolve(setting)).rejects.toMatchObject({
      kind: "validation",
      reason: "PREVIOUS_RESPONSE_NOT_FOUND",
      violations: [{ field: "previous_response_id" }],
    });
  });

  it.each<readonly [string, Setting, Partial<GatewayError>]>([
    ["the store is away", { refusal: storeUnavailable() }, { kind: "state-unavailable" }],
    [
      "the store stops to answer",
      { deliveries: [{ type: "heartbeat", sequence: 1, isUndurable: false }] },
      { kind: "state-unavailable" },
    ],
    [
      "another release has made the response",
      { request: stored(Buffer.from('{"encoder":2}')) },
      { reason: "ENCODER_UNKNOWN" },
    ],
    ["a defect shows", { refusal: new GatewayError("internal", "x") }, { kind: "internal" }],
  ])("is told as it is if %s", async (_what, setting, error) => {
    await expect(resolve(setting)).rejects.toMatchObject(error);
  });
});
