// What this release writes for a response, and has written since its first version: a change is another version.
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { StoredEvent, StreamEventBody } from "../../../src/domain/generation.ts";
import type { Part } from "../../../src/domain/generation-spec.ts";
import { HeldResponsesEncoder } from "../../../src/doors/openai-responses/held-responses-encoder.ts";
import {
  decodeRecord,
  encodeRecord,
  MAX_RECORD_BYTES,
  recordOf,
} from "../../../src/doors/openai-responses/response-record.ts";
import {
  type ResponsesEncoder,
  ResponsesStreamEncoder,
} from "../../../src/doors/openai-responses/responses-stream-encoder.ts";

const STREAM = { streamId: "s.0123456789abcdef0123456789abcdef", createTimeMs: 1_800_000_000_123 };
const RECORD = {
  encoder: 1,
  createdAt: 1_800_000_000,
  seed: "0123456789abcdef0123456789abcdef",
  commit: "none",
  hasInstructions: true,
};
/** As a release of version 1 has written the record. */
const WRITTEN =
  '{"encoder":1,"createdAt":1800000000,"seed":"0123456789abcdef0123456789abcdef","commit":"none","hasInstructions":true}';

describe("the record of a response", () => {
  it("is read by every release that knows its version", () => {
    expect(decodeRecord(Buffer.from(WRITTEN))).toEqual(RECORD);
    expect(Buffer.from(encodeRecord(recordOf(STREAM, { hasInstructions: true }))).toString()).toBe(
      WRITTEN,
    );
    expect(WRITTEN.length + 16).toBeLessThan(MAX_RECORD_BYTES);
  });

  it.each([
    ["of a later version", { encoder: 2 }],
    ["of no version", { encoder: undefined }],
    ["that holds output back in another way", { commit: "200" }],
    ["without a seed", { seed: undefined }],
    ["with another time", { createdAt: "now" }],
    ["of another form", { hasInstructions: 1 }],
  ])("is refused to be read %s, and another replica asked", (_what, changes) => {
    const read = () => decodeRecord(Buffer.from(JSON.stringify({ ...RECORD, ...changes })));
    expect(read).toThrow(
      expect.objectContaining({
        kind: "gateway-overloaded",
        reason: "ENCODER_UNKNOWN",
        retryAfterMs: 1_000,
      }),
    );
  });

  it.each(["", "null", "[]", "{", "7"])("is refused to be read from %j", (text) => {
    expect(() => decodeRecord(Buffer.from(text))).toThrow(GatewayError);
  });
});

const signature = Buffer.from('{"summary":[],"encrypted_content":"gAAA"}');
const reasoning: Part = {
  type: "reasoning",
  text: "think",
  signature,
  redacted: false,
  provider: "openai",
};
const search: Part = {
  type: "provider",
  providerType: "openai",
  api: "responses",
  json: '{"type":"web_search_call","id":"ws_1","status":"completed"}',
};

/** Every kind of event that the encoder writes, and some that it passes over. */
const BODIES = [
  { type: "start", ...STREAM, generationId: "g", requestedModel: "m" },
  { type: "attempt-notice", notice: { discardOutput: false } },
  { type: "reasoning-delta", partIndex: 0, text: "think" },
  { type: "part-end", partIndex: 0, part: reasoning },
  { type: "part-end", partIndex: 1, part: search },
  { type: "text-delta", partIndex: 2, text: "hel" },
  { type: "text-delta", partIndex: 2, text: "lo" },
  { type: "part-end", partIndex: 2 },
  { type: "part-end", partIndex: 3, part: { type: "refusal", text: "no" } },
  { type: "usage", usage: {}, cost: undefined, final: true },
  { type: "tool-call-delta", partIndex: 4, id: "call_1", name: "f", argumentsFragment: "" },
  { type: "tool-call-delta", partIndex: 4, argumentsFragment: '{"a":1}' },
  { type: "part-end", partIndex: 4 },
  {
    type: "complete",
    generation: { finishReason: "stop", usage: { inputTokens: 7, outputTokens: 5 } },
    message: "whole",
    firstOutputSequence: 3,
  },
] as unknown as readonly StreamEventBody[];

function written(encoder: ResponsesEncoder, bodies = BODIES): string {
  return bodies
    .map((body, index) => {
      const event = { sequence: index + 1, writer: 7, attemptIndex: 1, body };
      return encoder.encode(event as StoredEvent);
    })
    .join("");
}

describe("version 1 of the encoder", () => {
  const file = new URL("../../fixtures/doors/responses-encoder-1.txt", import.meta.url);

  // Only for a version that no release has written yet.
  if (process.env["STEER_WRITE_FIXTURES"] === "1") {
    writeFileSync(file, written(new ResponsesStreamEncoder()));
  }

  it("writes the same bytes as ever", () => {
    const golden = readFileSync(file, "utf8");
    expect(written(new ResponsesStreamEncoder())).toBe(golden);
    expect(
      written(new ResponsesStreamEncoder(0, recordOf(STREAM, { hasInstructions: true }))),
    ).toBe(golden);
  });

  it("writes them in one piece at the end if they are held back", () => {
    const record = recordOf(STREAM, { commit: "complete" });
    for (const from of [0, 5]) {
      const plain = written(new ResponsesStreamEncoder(from, record));
      expect(written(new HeldResponsesEncoder(from, record))).toBe(plain);
      const held = new HeldResponsesEncoder(from, record);
      expect(written(held, BODIES.slice(0, -1))).toBe("");
      expect(held.response).toMatchObject({ status: "in_progress", output: [] });
    }
  });

  it("writes nothing of output that is void before anybody has it", () => {
    const [start, ...rest] = BODIES;
    if (start === undefined) throw new Error("no first event");
    const notice = { type: "attempt-notice", notice: { discardOutput: true } } as never;
    const ids = (text: string): string => text.replace(/^id: .*$/gm, "");
    const again = [start, ...rest.slice(0, 6), notice, ...rest];
    const golden = ids(readFileSync(file, "utf8"));
    expect(ids(written(new HeldResponsesEncoder(0, undefined), again))).toBe(golden);
    const error = new GatewayError("network", "gone");
    const failing = { type: "error", failure: { error } } as never;
    const held = new HeldResponsesEncoder(0, undefined);
    expect(() => written(held, [start, ...rest.slice(0, 6), failing])).toThrow(error);
    expect(held.response).toMatchObject({ status: "failed", output: [] });
    expect(held.fail(error)).toContain('"sequence_number":1,"response":');
  });

  it("takes identifiers and time from the record", () => {
    const record = { ...recordOf(STREAM), seed: "other", createdAt: 5 };
    const text = written(new ResponsesStreamEncoder(0, record));
    expect(text).not.toContain("0123456789abcdef");
    expect(text).toContain('"id":"resp_other","object":"response","created_at":5,');
    expect(text).toContain('"item_id":"msg_other_2"');
  });
});
