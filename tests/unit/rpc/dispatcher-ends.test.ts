import { create, type Message } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  Health,
  HealthCheckResponseSchema,
} from "../../../gen/service/grpc/health/v1/health_pb.ts";
import type { CallsOptions } from "../../../src/calls/calls.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { refusalOf, setUpDispatcher } from "../../support/dispatched-calls.ts";

const { check } = Health.method;
const CHECK = "grpc.health.v1.Health/Check";
const REFUSED = new GatewayError("permission-denied", "no", { reason: "NOT_OWNER" });
type Dispatched = ReturnType<typeof setUpDispatcher>;
const found = async () => create(HealthCheckResponseSchema, {});

describe("a call that is not let in", () => {
  const refuse = () => {
    throw REFUSED;
  };

  it.each<[string, Partial<CallsOptions>, Record<string, string>, object]>([
    ["for its origin", { checkOrigin: refuse }, {}, { code: "PERMISSION_DENIED" }],
    ["for its credential", { authenticate: refuse }, {}, { code: "PERMISSION_DENIED" }],
    [
      "for its name of the call",
      {},
      { "x-request-id": "ü" },
      { code: "INVALID_ARGUMENT", caller: "alice" },
    ],
    [
      "for its deadline",
      {},
      { "grpc-timeout": "soon" },
      { code: "INVALID_ARGUMENT", caller: "alice", field: "grpc-timeout" },
    ],
  ])("%s has a line", async (_name, more, sent, expected) => {
    const { calls, dispatcher, head, lines, spans } = setUpDispatcher({}, more);
    await refusalOf(dispatcher.admit(head(check, sent), {}));
    expect(lines).toMatchObject([{ event: "call", method: CHECK, duration_ms: 0, ...expected }]);
    expect(lines[0] && "caller" in lines[0]).toBe("caller" in expected);
    expect([spans.length, calls.draining.running.active]).toEqual([1, 0]);
  });

  it("is one that is ended before its request is whole", async () => {
    const { arrive, dispatcher, lines } = setUpDispatcher({ unary: found });
    const call = await arrive(check);
    const { arrival } = call;
    arrival.receive(2_001);
    expect(arrival.error?.status).toMatchObject({ code: 8 });
    expect(lines).toMatchObject([
      { code: "RESOURCE_EXHAUSTED", reason: "UNFINISHED_REQUESTS", caller: "alice" },
    ]);
    const request = { format: "json", bytes: Buffer.from("{}") } as const;
    const answer = (async () => dispatcher.unary(call, request, () => 0))();
    await expect(answer).rejects.toBe(arrival.error);
    expect(lines).toHaveLength(1);
  });

  it("of a replica that drains is refused even if its request was on its way", async () => {
    const { arrive, calls, dispatcher, lines } = setUpDispatcher({ unary: found });
    const call = await arrive(check);
    calls.draining.startDraining();
    const request = { format: "json", bytes: Buffer.from("{}") } as const;
    const answer = (async () => dispatcher.unary(call, request, () => 0))();
    expect(await refusalOf(answer)).toMatchObject({
      code: 14,
      message: "this replica is draining; call again to reach another one",
    });
    expect(lines).toMatchObject([{ error: "draining", reason: "DRAINING", caller: "alice" }]);
    expect(calls.draining.running.active).toBe(0);
  });

  it("may ask for no credential, and nobody is told", async () => {
    const { dispatcher, lines } = setUpDispatcher({}, { authenticate: refuse });
    const arrival = await dispatcher.expect({});
    arrival.receive(4 * 1024 * 1024);
    arrival.receive(1);
    expect(arrival.error?.status).toMatchObject({ code: 8 });
    expect(lines).toEqual([]);
  });

  it("may be refused by a listener, and its line is written alike", async () => {
    const { calls, dispatcher, lines } = setUpDispatcher();
    const method = undefined;
    for (let times = 0; times < 15; times++) {
      dispatcher.unserved({ system: "grpc", method, header: () => undefined, cause: "address" });
    }
    expect(lines).toHaveLength(10);
    expect(lines[0]).toMatchObject({ event: "call", reason: "ADDRESS_MALFORMED" });
    calls.lines.close();
    expect(lines.at(-1)).toMatchObject({ event: "calls left out", calls: 5 });
  });
});

describe("a burst of calls", () => {
  it.each([
    ["admit", ({ dispatcher, head }: Dispatched) => dispatcher.admit(head(check), {})],
    ["expect", ({ dispatcher }: Dispatched) => dispatcher.expect({})],
    [
      "refused",
      ({ dispatcher, head }: Dispatched) =>
        refusalOf(dispatcher.admit(head(check, { "grpc-timeout": "soon" }), {})),
    ],
  ] as const)("begins sixteen a turn: %s", async (_name, begin) => {
    const set = setUpDispatcher();
    let begun = 0;
    const calls = Array.from({ length: 20 }, () => begin(set).then(() => begun++));
    for (let step = 0; step < 10; step++) await Promise.resolve();
    expect(begun).toBe(16);
    await Promise.all(calls);
    expect(begun).toBe(20);
  });
});

describe("the lines of calls that end with an error", () => {
  /** So many calls that end so, and how many have a line. */
  async function linesOf(error: unknown, fields: object): Promise<number> {
    const { unary, lines } = setUpDispatcher({
      unary(_request, call) {
        call.log(fields);
        return Promise.reject(error);
      },
    });
    for (let calls = 0; calls < 15; calls++) await unary().catch(() => {});
    return lines.length;
  }

  it("are bounded where nothing was generated, and no caller has left", async () => {
    expect(await linesOf(REFUSED, {})).toBe(10);
    expect(await linesOf(REFUSED, { generation_id: "g.1" })).toBe(15);
    expect(await linesOf(new GatewayError("cancelled", "x"), {})).toBe(15);
  });
});

describe("the end of calls", () => {
  it("of a caller that was removed tells their work, and them", async () => {
    const waits = Promise.withResolvers<void>();
    const set = setUpDispatcher({
      async unary() {
        await waits.promise;
        return found();
      },
    });
    const error = new GatewayError("unauthenticated", "the caller was removed");
    const endOf: typeof set.dispatcher.arrivals.endOf = (isMeant, why) => {
      set.dispatcher.arrivals.endOf(isMeant, why);
      set.calls.accepted.endOf(isMeant, why);
    };
    const answer = set.unary();
    const unwhole = await set.dispatcher.admit(set.head(check), {});
    await new Promise((resolve) => setImmediate(resolve));
    endOf((caller) => caller === "bob", error);
    expect([set.aborted, unwhole.error]).toEqual([[], undefined]);
    endOf((caller) => caller === "alice", error);
    expect(set.aborted).toEqual([error]);
    expect(unwhole.error?.status).toMatchObject({ code: 16 });
    // Whatever the work ends with.
    waits.reject(new GatewayError("cancelled", "aborted"));
    expect(await refusalOf(answer)).toMatchObject({ code: 16, message: "the caller was removed" });
    endOf(() => true, error);
    expect(set.aborted).toHaveLength(1);
  });

  it("is waited for, by as many as want to know", async () => {
    const waits = Promise.withResolvers<Message>();
    const { unary, calls } = setUpDispatcher({ unary: () => waits.promise });
    await calls.draining.running.idle();
    const answers = [unary(), unary()];
    await new Promise((resolve) => setImmediate(resolve));
    let told = 0;
    const idle = [calls.draining.running.idle(), calls.draining.running.idle()].map((each) =>
      each.then(() => told++),
    );
    expect([calls.draining.running.active, told]).toEqual([2, 0]);
    waits.resolve(await found());
    await Promise.all(answers);
    await Promise.all(idle);
    expect([calls.draining.running.active, told]).toEqual([0, 2]);
  });
});
