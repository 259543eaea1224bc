import { expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { RunGuard } from "../../../src/gateway/run-guard.ts";

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
