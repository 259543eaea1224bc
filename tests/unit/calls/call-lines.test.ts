import { describe, expect, it } from "vitest";
import type { Call } from "../../../src/calls/call.ts";
import { CallChain } from "../../../src/calls/call-chain.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { noTelemetry } from "../../../src/telemetry/telemetry.ts";
import { ASK, admit, callOf, headOf, openDoor, Refused, RULE } from "../../support/call-door.ts";

describe("the line of a call", () => {
  const cancel = (reason: string) => async () => {
    throw new GatewayError("cancelled", reason);
  };

  it("has the time from its beginning to its end, in whole milliseconds", async () => {
    const { chain, lines, clock } = openDoor();
    const running = chain.begin(callOf(ASK));
    await clock.advance(1_500.4);
    await running.unary(async () => "answer");
    expect(lines).toMatchObject([{ duration_ms: 1_500 }]);
  });

  it("is written for each that was cancelled or has a generation, and for the first that are refused alike", async () => {
    const { chain, calls, lines } = openDoor();
    const refused = { method: ASK.name, system: "grpc", duration_ms: 0 } as const;
    for (let call = 0; call < 12; call++) {
      await chain
        .begin(callOf(ASK))
        .unary(cancel("left"))
        .catch(() => {});
      const failing = chain.begin(callOf(ASK)).unary(async ({ log }) => {
        log({ generation_id: `g-${call}` });
        throw new GatewayError("quota", "spent");
      });
      await failing.catch(() => {});
      calls.lines.refused({ ...refused, code: "RESOURCE_EXHAUSTED", error: "caller-limit" });
    }
    const written = (error: string) => lines.filter((line) => line["error"] === error);
    expect(written("cancelled")).toHaveLength(12);
    expect(written("quota")).toHaveLength(12);
    expect(written("caller-limit")).toHaveLength(10);
    calls.lines.close();
    expect(lines.at(-1)).toMatchObject({ event: "calls left out", calls: 2 });
  });

  it("has the identifiers of its headers and of its span", async () => {
    const started: unknown[] = [];
    const startCall = (start: unknown) => {
      started.push(start);
      return { traceId: "t-1", end: () => {} };
    };
    const { chain, lines } = openDoor({ telemetry: { ...noTelemetry, startCall } });
    const header = (name: string) => (name === "idempotency-key" ? "r-1" : undefined);
    await chain.begin({ ...callOf(ASK), header }).unary(async () => "answer");
    expect(started).toEqual([{ system: "grpc", method: ASK.name, header }]);
    expect(lines).toMatchObject([{ request_id: "r-1", trace_id: "t-1" }]);
  });
});

describe("the headers of an answer", () => {
  const headersOf = (requestId: string | undefined) => {
    const headers: Record<string, string> = {};
    const call: Call = {
      ...callOf(ASK),
      header: (name) => (name === "x-request-id" ? requestId : undefined),
      setResponseHeader: (name, value) => void Object.assign(headers, { [name]: value }),
    };
    openDoor().chain.begin(call);
    return headers;
  };
  const own = { "x-steer-replica": "here", "x-steer-version": "1.2.3" };

  it("have the replica, the version, and the caller's own name of the call", () => {
    expect(headersOf(undefined)).toEqual(own);
    expect(headersOf("mine 1~")).toEqual({ ...own, "x-request-id": "mine 1~" });
  });

  it.each([["a\nb"], ["caf\u00e9"], ["\u007f"]])("cannot hold the name %j", (name) => {
    const header = (wanted: string) => (wanted === "x-request-id" ? name : undefined);
    expect(() => admit(openDoor().chain, { ...headOf(ASK), header })).toThrow(
      new Refused("validation: x-request-id: must be printable ASCII"),
    );
  });
});

it("an operator may call what operators need, and another caller is told the role", () => {
  const authenticate = () => ({ id: "ops", role: "operator" as const });
  expect(admit(openDoor({ authenticate }).chain, headOf(RULE)).id).toBe("ops");
  const { calls } = openDoor();
  const told: unknown[] = [];
  const toRefusal = (error: unknown): Refused => {
    told.push(error);
    return new Refused();
  };
  expect(() => admit(new CallChain({ ...calls, toRefusal }), headOf(RULE))).toThrow(Refused);
  expect(told).toMatchObject([{ reason: "ROLE_REQUIRED", metadata: { role: "operator" } }]);
});

it("a call that has ended is not ended with its caller", async () => {
  const { chain, calls } = openDoor();
  const call = callOf(ASK, "mallory");
  const running = chain.begin(call);
  expect(() => running.throwIfEnded()).not.toThrow();
  await running.unary(async () => "answer");
  calls.accepted.endOf(() => true, new GatewayError("cancelled", "removed"));
  expect(call.signal.aborted).toBe(false);
});
