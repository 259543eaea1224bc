import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { RunGuard } from "../../../src/gateway/run-guard.ts";
import { signOfEvent } from "../../../src/gateway/sign-of-event.ts";
import type { RunnableCall, RunningAttempt, Target } from "../../../src/reliability/engine-call.ts";
import { testModel } from "../../support/provider-request.ts";

function setUp() {
  const aborted: GatewayError[] = [];
  const reported: unknown[] = [];
  const guard = new RunGuard(
    (error) => void aborted.push(error),
    (error) => void reported.push(error),
  );
  return { guard, aborted, reported };
}

it("an error that is no defect passes as it is, and ends nothing", () => {
  const { guard, aborted, reported } = setUp();
  const error = new GatewayError("network", "test");
  expect(guard.take(error)).toBe(error);
  expect([guard.defect, aborted, reported]).toEqual([undefined, [], []]);
});

it("a defect ends the generation once, however often it comes by, and the first is its end", () => {
  const { guard, aborted, reported } = setUp();
  const defect = new Error("defect");
  const first = guard.take(defect);
  expect(first).toMatchObject({ kind: "internal", cause: defect });
  // As it was thrown, and as the engine has seen it.
  expect([guard.take(defect), guard.take(first)]).toEqual([first, first]);
  expect([aborted, reported]).toEqual([[first], [defect]]);
  const second = new Error("another");
  expect(guard.take(second)).toBe(first);
  expect(reported).toEqual([defect, second]);
  expect(guard.defect).toBe(first);
});

it("a defect in what is done for an attempt ends the generation, and is not thrown further", () => {
  const { guard, aborted } = setUp();
  guard.run(() => {});
  expect(aborted).toEqual([]);
  guard.run(() => {
    throw new Error("defect");
  });
  expect(aborted).toMatchObject([{ kind: "internal" }]);
});

describe("a call whose functions throw", () => {
  const defect = new TypeError("defect");
  const fail = (): never => {
    throw defect;
  };
  const target = { model: testModel() };
  const throwing = {
    targets: [target],
    caller: "alice",
    begin: fail,
    skip: fail,
    decided: fail,
    recover: fail,
    wait: fail,
    unpaid: fail,
    canContinue: fail,
    requestMark: fail,
  } as unknown as RunnableCall<Target, ProviderEvent>;

  it.each<[string, (call: RunnableCall<Target, ProviderEvent>) => unknown, unknown]>([
    ["skip", (call) => call.skip(target, new GatewayError("network", "x")), undefined],
    ["decided", (call) => call.decided({} as never), undefined],
    ["recover", (call) => call.recover({} as never), undefined],
    ["wait", (call) => call.wait(1, {} as never)(), undefined],
    ["canContinue", (call) => call.canContinue(target), false],
    ["requestMark", (call) => call.requestMark(), ""],
  ])("ends its generation, and answers the engine: %s", (_name, ask, answer) => {
    const { guard, aborted, reported } = setUp();
    const call = guard.call(throwing);
    expect([call.targets, call.caller]).toEqual([[target], "alice"]);
    expect(ask(call)).toBe(answer);
    expect(aborted).toMatchObject([{ kind: "internal", cause: defect }]);
    expect(reported).toEqual([defect]);
  });

  it("does not pay for another attempt", () => {
    const { guard } = setUp();
    expect(guard.call(throwing).unpaid(target, "retry")).toMatchObject({ kind: "internal" });
  });

  it("begins an attempt that fails, and says nothing of its target", async () => {
    const { guard } = setUp();
    const attempt = guard.call(throwing).begin({} as never);
    expect(attempt.limits).toEqual({
      firstTokenMs: undefined,
      idleMs: undefined,
      attemptMs: undefined,
    });
    const read = (async () => {
      for await (const _ of attempt.open(new AbortController().signal));
    })();
    await expect(read).rejects.toBe(guard.defect);
    expect(attempt).toMatchObject({ form: "whole" });
    expect(attempt.isOwnLimit("network")).toBe(true);
    expect([attempt.isDraining(), attempt.isCommitted(), attempt.accept()]).toEqual([
      false,
      false,
      undefined,
    ]);
    expect(attempt.take({ type: "response", id: "r" }, 0, false)).toBeUndefined();
    attempt.end("failed");
  });

  it("has the answers of its functions where they have some", () => {
    const { guard, aborted } = setUp();
    const told: unknown[] = [];
    const unpaid = new GatewayError("budget", "x");
    const call = guard.call({
      ...throwing,
      skip: (...given: unknown[]) => void told.push(given),
      wait: () => () => void told.push("ended"),
      unpaid: () => unpaid,
      canContinue: () => true,
      requestMark: () => "mark",
    });
    call.skip(target, unpaid);
    call.wait(1, {} as never)();
    expect(told).toEqual([[target, unpaid], "ended"]);
    expect(call.unpaid(target, "retry")).toBe(unpaid);
    expect([call.canContinue(target), call.requestMark()]).toEqual([true, "mark"]);
    expect(aborted).toEqual([]);
  });
});

describe("an attempt whose functions throw", () => {
  const defect = new TypeError("defect");
  const running: RunningAttempt<ProviderEvent> = {
    limits: { firstTokenMs: 1, idleMs: 2, attemptMs: 3 },
    form: "streamed",
    signOf: signOfEvent,
    async *open() {},
    take: () => undefined,
    isDraining: () => true,
    isCommitted: () => true,
    accept: () => undefined,
    isOwnLimit: () => false,
    end: () => {},
  };
  const event = { type: "response", id: "r" } as const;
  const fail = (): never => {
    throw defect;
  };

  it("is the same where they do not", () => {
    const { guard, aborted } = setUp();
    const wait = Promise.resolve();
    const attempt = guard.attempt({ ...running, take: () => wait });
    const { limits, form, signOf } = running;
    expect(attempt).toMatchObject({ limits, form, signOf });
    expect(attempt.take(event, 0, false)).toBe(wait);
    expect([attempt.isDraining(), attempt.isCommitted(), attempt.accept()]).toEqual([
      true,
      true,
      undefined,
    ]);
    expect(attempt.isOwnLimit("network")).toBe(false);
    attempt.end("succeeded");
    expect(aborted).toEqual([]);
  });

  it("ends its generation, and its limits are its own from then on", async () => {
    for (const change of [
      { take: fail },
      { accept: fail },
      { accept: () => Promise.reject(defect) },
      { end: fail },
    ]) {
      const { guard, aborted } = setUp();
      const attempt = guard.attempt({ ...running, ...change });
      const thrown = await (async () => {
        void attempt.take(event, 0, false);
        await attempt.accept();
        attempt.end("succeeded");
      })().catch((error: unknown) => error);
      expect(aborted).toMatchObject([{ kind: "internal", cause: defect }]);
      if (!("end" in change)) expect(thrown).toBe(guard.defect);
      expect(attempt.isOwnLimit("network")).toBe(true);
    }
  });
});
