// Unary calls that are made again, over the wire of each transport; the waits are those of a manual clock.
import { create } from "@bufbuild/protobuf";
import { ConnectError, Code as StatusCode } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { generate, resumeStream } from "../../../clients/typescript/steer.ts";
import { Code, SteerError } from "../../../clients/typescript/steer-error.ts";
import { ErrorInfoSchema } from "../../../gen/es/google/rpc/error_details_pb.js";
import { GatewayErrorSchema } from "../../../gen/es/steer/v1/error_pb.js";
import { GenerateRequestSchema } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { FETCH, helperClient, TRANSPORTS, type Transport } from "../../support/helper-clients.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { type Reply, startReplacedReplica } from "../../support/replaced-replica.ts";
import { eventually } from "../../support/stack.ts";

const ANSWER = { generation: { outputText: "Hello" } };
const REQUEST = { spec: { model: "m", prompt: "Hi" } };

/** An answer that the replica does not live to give. */
const never: Reply = () => new Promise(() => {});

/** An error of the service; one of a library or a proxy if it has no reason. */
function failure(pushback?: string, code = StatusCode.Unavailable, reason = "DRAINING") {
  const headers: Record<string, string> = {};
  if (pushback !== undefined) headers["grpc-retry-pushback-ms"] = pushback;
  if (reason === "") return new ConnectError("is lost", code, headers);
  return new ConnectError("is refused", code, headers, [
    { desc: ErrorInfoSchema, value: { reason, domain: "steer" } },
    { desc: GatewayErrorSchema, value: { reason, code, retryable: true } },
  ]);
}

/** So many calls at once over one client. */
function callTogether(transport: Transport, address: string, count: number) {
  const clock = createManualClock();
  const { client, close } = helperClient(transport, address);
  const failures: unknown[] = [];
  let left = count;
  const calls = Array.from({ length: count }, async () => {
    try {
      const { generation } = await generate(client, REQUEST, { runtime: clock });
      expect(generation?.outputText).toBe("Hello");
    } catch (error) {
      failures.push(error);
    } finally {
      left--;
    }
  });
  return {
    clock,
    isOver: () => left === 0,
    /** All calls that are not over wait for their repetition. */
    allWait: () => eventually(() => clock.pendingTimers === left),
    async failures() {
      await Promise.all(calls);
      close();
      return failures;
    },
  };
}

/** One call whose waits pass at once, each random one as long as it can be. */
async function call(transport: Transport, reply: Reply, timeoutMs?: number) {
  const clock = createManualClock();
  const waits: number[] = [];
  const runtime = {
    now: clock.now,
    random: () => 1,
    async sleep(ms: number, signal: AbortSignal): Promise<void> {
      waits.push(ms);
      const slept = clock.sleep(ms, signal);
      await clock.advance(ms);
      await slept;
    },
  };
  await using replica = await startReplacedReplica(transport, reply);
  const { client, close } = helperClient(transport, replica.address);
  const options = { runtime, ...(timeoutMs !== undefined && { timeoutMs }) };
  const error = await generate(client, REQUEST, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  close();
  return { error, waits, made: replica.requests.length };
}

describe.each([...TRANSPORTS, FETCH] as const)(
  "a unary call of the helper over %s",
  (transport) => {
    it.each([
      [1, 10],
      [40, 1],
      [40, 4],
      [40, 10],
    ])(
      "field:E25 none of %i fails if its replica is killed %i times in a row",
      async (count, kills) => {
        let isAlive = false;
        await using replica = await startReplacedReplica(transport, () =>
          isAlive ? Promise.resolve(ANSWER) : never(),
        );
        const together = callTogether(transport, replica.address, count);
        for (let kill = 1; kill <= kills; kill++) {
          await eventually(() => replica.requests.length === kill * count);
          isAlive = kill === kills;
          replica.kill();
          await together.allWait();
          await together.clock.advance(5_000);
        }
        expect(await together.failures()).toEqual([]);
        expect(replica.requests).toHaveLength((kills + 1) * count);
        expect(new Set(replica.requests.map(({ requestId }) => requestId)).size).toBe(count);
      },
    );

    it.each([
      ["200", 2_000],
      ["1", 10_000],
      ["1500", 12_000],
    ])(
      "field:E25 none fails that a draining replica refuses with pushback %s for %i ms",
      async (pushback, drainMs) => {
        let isDraining = true;
        await using replica = await startReplacedReplica(transport, async () => {
          if (isDraining) throw failure(pushback);
          return ANSWER;
        });
        const together = callTogether(transport, replica.address, 8);
        while (!together.isOver()) {
          await together.allWait();
          await together.clock.advance(100);
          if (!isDraining || together.clock.now() < drainMs) continue;
          isDraining = false;
          replica.goAway();
        }
        expect(await together.failures()).toEqual([]);
        expect(new Set(replica.requests.map(({ requestId }) => requestId)).size).toBe(8);
      },
    );

    it("is made ten times more at most, and waits as the reader of a stream does", async () => {
      const { error, waits, made } = await call(transport, async () => {
        throw failure("300");
      });
      expect(error).toMatchObject({
        name: "SteerError",
        code: Code.UNAVAILABLE,
        reason: "DRAINING",
      });
      expect(made).toBe(11);
      expect(waits).toEqual([300, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000, 5_000]);
    });

    it.each([StatusCode.Unavailable, StatusCode.Aborted, StatusCode.Canceled, StatusCode.Internal])(
      "is made again if a library or a proxy ends it with code %i",
      async (code) => {
        let isLost = true;
        const { error, made } = await call(transport, async () => {
          if (!isLost) return ANSWER;
          isLost = false;
          throw failure(undefined, code, "");
        });
        expect(error).toBeUndefined();
        expect(made).toBe(2);
      },
    );

    it.each([
      ["forbids it", failure("-1")],
      ["says something else than a number", failure("soon")],
      ["says nothing of a repetition", failure()],
      ["has failed", failure(undefined, StatusCode.Internal)],
      ["gives a hint for another time", failure("300", StatusCode.ResourceExhausted)],
      ["refuses the request", failure(undefined, StatusCode.InvalidArgument)],
      ["is no service of this kind", failure(undefined, StatusCode.Unimplemented, "")],
      ["has a defect that nobody names", failure(undefined, StatusCode.Unknown, "")],
    ])("is not made again if the service %s", async (_what, thrown) => {
      const { error, made } = await call(transport, async () => {
        throw thrown;
      });
      expect(error).toMatchObject({ name: "SteerError", code: thrown.code });
      expect(made).toBe(1);
    });

    it("has one deadline over all repetitions, of any fraction of a millisecond", async () => {
      const { error, waits, made } = await call(
        transport,
        async () => {
          throw failure("20000");
        },
        50_000.5,
      );
      // The reason that the service gave, and not a deadline that nobody has waited for.
      expect(error).toMatchObject({ reason: "DRAINING" });
      expect(waits).toEqual([20_000, 20_000]);
      expect(made).toBe(3);
    });

    it.each([
      [new Error("enough"), Code.CANCELLED],
      [new DOMException("", "TimeoutError"), Code.DEADLINE_EXCEEDED],
    ])("ends in its wait by the caller, whose request stays as it is: %s", async (cause, code) => {
      await using replica = await startReplacedReplica(transport, async () => {
        throw failure("600000");
      });
      const { client, close } = helperClient(transport, replica.address);
      const clock = createManualClock();
      const controller = new AbortController();
      const request = create(GenerateRequestSchema, REQUEST);
      const running = generate(client, request, { runtime: clock, signal: controller.signal });
      await eventually(() => clock.pendingTimers === 1);
      controller.abort(cause);
      await expect(running).rejects.toMatchObject({ name: "SteerError", code, cause });
      expect([replica.requests.length, clock.pendingTimers, request.requestId]).toEqual([1, 0, ""]);
      close();
    });
  },
);

describe("a signal that is aborted", () => {
  it.each<Transport>([...TRANSPORTS, FETCH])(
    "ends the call that runs, and the one to come: %s",
    async (transport) => {
      await using replica = await startReplacedReplica(transport, never);
      const { client, close } = helperClient(transport, replica.address);
      const controller = new AbortController();
      const { signal } = controller;
      const running = generate(client, REQUEST, { signal });
      const over = { name: "SteerError", code: Code.CANCELLED, cause: "enough", retryable: false };
      const ended = expect(running).rejects.toMatchObject(over);
      await eventually(() => replica.requests.length === 1);
      controller.abort("enough");
      await ended;
      await expect(generate(client, REQUEST, { signal })).rejects.toMatchObject(over);
      expect(replica.requests).toHaveLength(1);
      close();
    },
  );
});

describe("the channel of the helper", () => {
  it("repeats nothing after its end: not a call that waits, nor a new one, nor a stream", async () => {
    await using replica = await startReplacedReplica("grpc-js", async () => {
      throw failure("200");
    });
    const { client, close } = helperClient("grpc-js", replica.address);
    const clock = createManualClock();
    const waiting = generate(client, REQUEST, { runtime: clock });
    const over = expect(waiting).rejects.toMatchObject({
      name: "SteerError",
      code: Code.CANCELLED,
    });
    await eventually(() => clock.pendingTimers === 1);
    close();
    await clock.advance(5_000);
    await over;
    const closed = { code: Code.CANCELLED, message: "the client is closed", retryable: false };
    await expect(generate(client, REQUEST, { runtime: clock })).rejects.toMatchObject(closed);
    const cursor = { streamId: `s.${"0".repeat(32)}`, sequence: 1, writer: 0 };
    const stream = resumeStream(client, cursor, { runtime: clock });
    await expect(stream.next()).rejects.toMatchObject(closed);
    expect([replica.requests.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  it("repeats no call that it was closed under", async () => {
    await using replica = await startReplacedReplica("grpc-js", never);
    const { client, close } = helperClient("grpc-js", replica.address);
    const clock = createManualClock();
    const running = generate(client, REQUEST, { runtime: clock });
    await eventually(() => replica.requests.length === 1);
    close();
    replica.kill();
    await expect(running).rejects.toMatchObject({ code: Code.CANCELLED });
    expect(clock.pendingTimers).toBe(0);
  });

  it("says of a request that cannot be encoded that it is invalid, and sends nothing", async () => {
    await using replica = await startReplacedReplica("grpc-js", never);
    const { client, close } = helperClient("grpc-js", replica.address);
    const spec = { model: "m", sampling: { maxOutputTokens: 1.5 } };
    const error = await generate(client, { spec }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SteerError);
    expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT, retryable: false });
    expect(replica.requests).toEqual([]);
    close();
  });
});
