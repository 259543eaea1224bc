import { describe, expect, it } from "vitest";
import { CallChain } from "../../../src/calls/call-chain.ts";
import type { HandlerCall } from "../../../src/calls/handler-call.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import {
  ASK,
  admit,
  callOf,
  headOf,
  messageOf,
  openDoor,
  Refused,
  RULE,
} from "../../support/call-door.ts";

async function* counting(count: number): AsyncGenerator<number> {
  for (let index = 0; index < count; index++) yield index;
}

describe("a call that succeeds", () => {
  it("has one span and one line, and is not running any more", async () => {
    const { chain, calls, lines, spans } = openDoor();
    expect(admit(chain, headOf(ASK))).toEqual({ id: "alice", role: "caller" });
    const running = chain.begin(callOf(ASK));
    expect(calls.draining.running.active).toBe(1);
    const answer = await running.unary(async (call) => {
      call.log({ generation_id: "g-1" });
      return call.caller.id;
    });
    expect(answer).toBe("alice");
    expect(calls.draining.running.active).toBe(0);
    expect(spans).toEqual([{ code: "OK", reason: undefined, caller: "alice" }]);
    expect(lines).toEqual([
      {
        event: "call",
        method: ASK.name,
        system: "grpc",
        code: "OK",
        duration_ms: 0,
        caller: "alice",
        generation_id: "g-1",
      },
    ]);
  });

  it("can be a stream, of which no interceptor sees a message", async () => {
    const asked: string[] = [];
    const { chain, calls } = openDoor({}, [
      {
        observe: () => () => void asked.push("end"),
        accept: () => () => void asked.push("release"),
      },
    ]);
    const stream = chain.begin(callOf(ASK)).serverStream(async () => counting(3));
    const messages: number[] = [];
    for await (const message of stream) messages.push(message);
    expect(messages).toEqual([0, 1, 2]);
    expect(asked).toEqual(["release", "end"]);
    expect(calls.draining.running.active).toBe(0);
  });
});

describe("a call that is refused before its request is read", () => {
  it.each([
    [
      "as its caller may not call it",
      RULE,
      {},
      "permission-denied",
      "alice has the role caller; toy.v1.Toy/Rule needs the role operator",
    ],
    [
      "as nobody knows its caller",
      ASK,
      {
        authenticate: () => {
          throw new GatewayError("unauthenticated", "who are you?");
        },
      },
      "unauthenticated",
      "who are you?",
    ],
  ] as const)("%s", (_, operation, options, kind, message) => {
    const { chain, lines, spans } = openDoor(options);
    expect(() => admit(chain, headOf(operation))).toThrow(new Refused(`${kind}: ${message}`));
    expect(lines).toMatchObject([{ event: "call", method: operation.name, error: kind }]);
    expect(spans).toHaveLength(1);
  });

  it("by a chain in which nobody has said who calls", () => {
    const { calls, lines } = openDoor();
    const log = (line: Readonly<Record<string, unknown>>) => void lines.push(line);
    const toRefusal = (error: unknown): Refused => new Refused(messageOf(error));
    const chain = new CallChain({ log, interceptors: [calls.lines], toRefusal });
    expect(() => admit(chain, headOf(ASK))).toThrow(new Refused("internal"));
  });
});

describe("a call that is refused as it begins", () => {
  it("gives back what the interceptors before have taken, and has its line", () => {
    const asked: string[] = [];
    const { chain, calls, lines } = openDoor({}, [
      { accept: () => () => void asked.push("release") },
      {
        accept() {
          throw new GatewayError("caller-limit", "enough");
        },
      },
    ]);
    expect(() => chain.begin(callOf(ASK))).toThrow(new Refused("caller-limit: enough"));
    expect(asked).toEqual(["release"]);
    expect(calls.draining.running.active).toBe(0);
    expect(lines).toMatchObject([{ error: "caller-limit", code: "RESOURCE_EXHAUSTED" }]);
  });

  it("while the replica drains", async () => {
    const { chain, calls, lines, spans } = openDoor();
    const running = chain.begin(callOf(ASK));
    calls.draining.startDraining();
    expect(() => admit(chain, headOf(ASK))).toThrow(Refused);
    expect(() => chain.begin(callOf(ASK))).toThrow(Refused);
    const refused = { code: "UNAVAILABLE", reason: "draining" };
    // Nobody has looked at the first one's credential.
    expect(spans).toEqual([refused, { ...refused, caller: "alice" }]);
    let isIdle = false;
    const idle = calls.draining.running.idle().then(() => {
      isIdle = true;
    });
    await Promise.resolve();
    expect(isIdle).toBe(false);
    await running.unary(async () => "done");
    await idle;
    expect(lines).toMatchObject([{ reason: "DRAINING" }, { reason: "DRAINING" }, { code: "OK" }]);
  });
});

describe("a call that fails", () => {
  it("tells of a defect in a line of its own, and nothing of it to the caller", async () => {
    const { chain, lines, spans } = openDoor();
    const running = chain.begin(callOf(ASK));
    const failing = running.unary(async () => {
      throw new TypeError("a secret");
    });
    await expect(failing).rejects.toThrow(new Refused("internal"));
    expect(spans).toEqual([{ code: "INTERNAL", reason: undefined, caller: "alice" }]);
    expect(lines.map(({ event }) => event)).toEqual(["call", "defect"]);
    expect(JSON.stringify(lines)).not.toContain("a secret");
  });

  it("has its line although an interceptor breaks at its end", async () => {
    const { chain, lines } = openDoor({}, [
      {
        observe: () => () => {
          throw new RangeError("broken");
        },
      },
    ]);
    expect(await chain.begin(callOf(ASK)).unary(async () => "answer")).toBe("answer");
    expect(lines).toMatchObject([
      { event: "defect", error: "RangeError", method: ASK.name },
      { event: "call", code: "OK" },
    ]);
  });

  it("is told of the defect of a door that cannot say what went wrong", async () => {
    const { calls, lines } = openDoor();
    let isFirst = true;
    const toRefusal = (error: unknown): Refused => {
      if (isFirst) {
        isFirst = false;
        throw new RangeError("no such code");
      }
      return new Refused(messageOf(error));
    };
    const chain = new CallChain({ ...calls, toRefusal });
    const failing = chain.begin(callOf(ASK)).unary(async () => {
      throw new GatewayError("quota", "spent");
    });
    await expect(failing).rejects.toThrow(new Refused("internal: internal error"));
    expect(lines).toMatchObject([
      { event: "call", code: "INTERNAL" },
      { event: "defect", error: "RangeError" },
    ]);
  });

  it("ends with the error of the service that has ended it, and not with what its handler throws then", async () => {
    const { chain, calls } = openDoor();
    const ours = chain.begin(callOf(ASK, "mallory"));
    const others = chain.begin(callOf(ASK, "alice"));
    const wait = (call: HandlerCall) =>
      new Promise<string>((resolve, reject) => {
        call.signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
        if (call.caller.id === "alice") resolve("answer");
      });
    const ended = ours.unary(wait);
    calls.accepted.endOf((id) => id === "mallory", new GatewayError("cancelled", "removed"));
    await expect(ended).rejects.toThrow(new Refused("cancelled: removed"));
    expect(() => ours.throwIfEnded()).toThrow("removed");
    expect(await others.unary(wait)).toBe("answer");
  });

  it("is a stream whose caller has left", async () => {
    const { chain, lines, calls } = openDoor();
    for await (const _ of chain.begin(callOf(ASK)).serverStream(async () => counting(9))) break;
    expect(lines).toMatchObject([{ code: "CANCELLED", error: "cancelled" }]);
    expect(calls.draining.running.active).toBe(0);
  });
});

it("a generation that outlives its call has a line of its own, and one that does not has none", async () => {
  const { chain, lines } = openDoor();
  const line = () => ({
    outcome: "succeeded",
    duration_ms: 5,
    requested_model: "m",
    generation_id: "g",
    provider: "p",
    model: "m",
    attempts: 1,
  });
  let late: HandlerCall | undefined;
  await chain.begin(callOf(ASK)).unary(async (call) => {
    late = call;
    call.log({ request_id: "r-1", stream_id: "s-1", trace_id: "t-1", labels: { team: "a" } });
    call.generationEnded(line);
  });
  expect(lines).toHaveLength(1);
  late?.generationEnded(line);
  expect(lines[1]).toMatchObject({
    event: "generation",
    caller: "alice",
    request_id: "r-1",
    stream_id: "s-1",
    trace_id: "t-1",
    labels: { team: "a" },
    generation_id: "g",
  });
});
