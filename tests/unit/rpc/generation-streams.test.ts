import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  ResumeStreamRequestSchema,
  StreamGenerateRequestSchema,
} from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { GenerationFailed } from "../../../src/domain/generation.ts";
import {
  delta,
  failed,
  failure,
  type Gateway,
  generation,
  notice,
  opened,
  REPORTED,
  SPEC,
  setUpGenerations,
  terminal,
} from "../../support/served-generations.ts";

describe("StreamGenerate", () => {
  interface Asked {
    readonly requestId?: string;
    readonly acceptsDiscard?: boolean;
    readonly options?: { readonly ephemeral: boolean };
  }
  const request = (more: Asked = {}) =>
    create(StreamGenerateRequestSchema, { spec: SPEC, ...more });

  it("sends the events, tells what it is, and ends with the report of its end", async () => {
    for (const isReplayed of [true, false]) {
      const set = setUpGenerations({
        streamGenerate: async () =>
          opened([delta(1), delta(2), terminal()], { isReplayed, terminal }),
      });
      const events = await set.stream("streamGenerate", request());
      expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 9]);
      expect(set.headers).toEqual({
        "x-steer-stream-id": "s.1",
        "x-steer-generation-id": "g.1",
        ...(isReplayed && { "x-steer-replayed": "true" }),
      });
      expect(set.line).toMatchObject({ stream_id: "s.1", ...REPORTED });
      expect(set.trailers).toEqual({ "x-steer-attempts": "0" });
    }
  });

  it("ends with the error of its last event", async () => {
    const set = setUpGenerations({
      streamGenerate: async () => opened([failed()], { terminal: failed }),
    });
    await expect(set.stream("streamGenerate", request())).rejects.toMatchObject({
      error: { kind: "network" },
    });
    expect(set.line).toMatchObject(REPORTED);
  });

  it("sends signs of life, which belong to no attempt", async () => {
    for (const isUndurable of [true, false]) {
      async function* deliveries() {
        yield { type: "heartbeat" as const, sequence: 7, isUndurable };
      }
      const set = setUpGenerations({
        streamGenerate: async () => opened([], { deliveries: deliveries() }),
      });
      const events = await set.stream("streamGenerate", request());
      expect(events).toMatchObject([
        {
          sequence: 7,
          attemptIndex: 0,
          writer: 0,
          event: { case: "heartbeat", value: { undurable: isUndurable } },
        },
      ]);
    }
  });

  it("that is left tells what it has used until then, if it has begun the generation", async () => {
    const events = [delta(1), delta(2)];
    const own = setUpGenerations({
      streamGenerate: async () => opened(events, { soFar: () => generation() }),
    });
    await own.stream("streamGenerate", request(), 1);
    expect(own.line).toMatchObject(REPORTED);
    const read = setUpGenerations({
      streamGenerate: async () => opened(events, { soFar: () => generation() }),
    });
    await read.stream("streamGenerate", request());
    expect(read.line).not.toHaveProperty("provider");
    const other = setUpGenerations({ streamGenerate: async () => opened(events) });
    await other.stream("streamGenerate", request(), 1);
    expect(other.line).not.toHaveProperty("provider");
  });

  it("ends before output of another attempt where the call does not accept a discard", async () => {
    const events = [delta(1), notice(2), delta(3)];
    for (const [acceptsDiscard, endsAtDiscard, isWhole] of [
      [true, true, true],
      [false, false, true],
      [false, true, false],
    ] as const) {
      const set = setUpGenerations({
        streamGenerate: async () => opened(events, { endsAtDiscard }),
      });
      const read = set.stream("streamGenerate", request({ acceptsDiscard }));
      if (isWhole) expect(await read).toHaveLength(3);
      else
        await expect(read).rejects.toMatchObject({
          reason: "OUTPUT_DISCARDED",
          metadata: { stream_id: "s.1", last_sequence: "2", last_writer: "4" },
        });
    }
    const held = { endsAtDiscard: true, holdsOutput: true };
    const resumed = setUpGenerations({ streamGenerate: async () => opened([notice(2)], held) });
    await expect(resumed.stream("streamGenerate", request())).rejects.toMatchObject({
      reason: "OUTPUT_DISCARDED",
    });
  });

  it("asks with the operator's recovery if it accepts discards", async () => {
    const given: Parameters<Gateway["streamGenerate"]>[0][] = [];
    const set = setUpGenerations({
      async streamGenerate(call) {
        given.push(call);
        return opened([]);
      },
    });
    for (const acceptsDiscard of [true, false]) {
      await set.stream("streamGenerate", request({ acceptsDiscard }));
    }
    expect(given.map(({ acceptsDiscard }) => acceptsDiscard)).toEqual([true, false]);
    expect(given.map(({ spec }) => spec.routing.midStreamRecovery)).toEqual(["restart", "fail"]);
  });

  it("of which nothing is kept has no name to be repeated by", async () => {
    const set = setUpGenerations({ streamGenerate: async () => opened([]) });
    const ephemeral = { options: { ephemeral: true } };
    await set.stream("streamGenerate", request(ephemeral));
    const named = request({ ...ephemeral, requestId: "request-1" });
    await expect(set.stream("streamGenerate", named)).rejects.toMatchObject({
      kind: "validation",
      violations: [{ field: "request_id", description: "an ephemeral stream cannot be repeated" }],
    });
  });

  it("needs a spec, and tells of a generation that no target took", async () => {
    const empty = create(StreamGenerateRequestSchema, {});
    await expect(setUpGenerations({}).stream("streamGenerate", empty)).rejects.toMatchObject({
      violations: [{ field: "spec" }],
    });
    const set = setUpGenerations({
      streamGenerate: () => Promise.reject(new GenerationFailed(failure)),
    });
    await expect(set.stream("streamGenerate", request())).rejects.toBeInstanceOf(GenerationFailed);
    expect(set.line).toMatchObject(REPORTED);
  });
});

describe("ResumeStream", () => {
  it("goes on behind what its caller has, and says so on its line", async () => {
    let given: Parameters<Gateway["resumeStream"]>[0] | undefined;
    const set = setUpGenerations({
      async resumeStream(call) {
        given = call;
        return opened([delta(6)]);
      },
    });
    const position = { streamId: "s.1", lastSequence: 5, lastWriter: 2 };
    const request = create(ResumeStreamRequestSchema, position);
    expect(await set.stream("resumeStream", request)).toHaveLength(1);
    expect(given).toMatchObject({
      caller: "alice",
      streamId: "s.1",
      cursor: { sequence: 5, writer: 2 },
      timeoutMs: 500,
    });
    expect(given?.signal).toBe(set.call.signal);
    expect(set.line).toEqual({ stream_id: "s.1", last_sequence: 5, generation_id: "g.1" });
  });

  it("is a reader's like any other where output is void", async () => {
    for (const acceptsDiscard of [true, false]) {
      const set = setUpGenerations({
        resumeStream: async () => opened([notice(2)], { endsAtDiscard: true, holdsOutput: true }),
      });
      const request = create(ResumeStreamRequestSchema, { streamId: "s.1", acceptsDiscard });
      const read = set.stream("resumeStream", request);
      if (acceptsDiscard) expect(await read).toHaveLength(1);
      else await expect(read).rejects.toMatchObject({ reason: "OUTPUT_DISCARDED" });
    }
  });
});
