import { create } from "@bufbuild/protobuf";
import {
  CircuitState,
  ProviderStatusSchema,
  UnavailableReason,
} from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import { describe, expect, it } from "vitest";
import { isUnused, stateOf, targetsOf } from "../src/views/targets/targets.ts";

const NOW = 1_000_000;

describe("targets", () => {
  it("are providers, each followed by its models", () => {
    const status = create(ProviderStatusSchema, { modelCircuits: { b: {}, a: {} } });
    const names = targetsOf({ two: status, one: create(ProviderStatusSchema) }).map(
      ({ name }) => name,
    );
    expect(names).toEqual(["one", "two", "two/a", "two/b"]);
  });

  const open = { state: CircuitState.OPEN, nextProbeTime: { seconds: 9n } };
  it.each([
    [{ available: true }, "good", "takes calls"],
    [{ available: true, cooldownEndTime: { seconds: 2_000n } }, "warning", "cooling down"],
    [{ available: true, cooldownEndTime: { seconds: 999n } }, "good", "takes calls"],
    [{ available: false, reason: UnavailableReason.NOT_CONFIGURED }, "quiet", "not configured"],
    [{ available: false, reason: UnavailableReason.AUTHENTICATION }, "bad", "authentication"],
    [
      { available: false, reason: UnavailableReason.CIRCUIT_OPEN, circuit: open },
      "bad",
      "circuit open",
    ],
    [{ available: true, circuit: { state: CircuitState.HALF_OPEN } }, "busy", "circuit half open"],
  ])("say their state in words: %#", (status, kind, word) => {
    const [target] = targetsOf({ one: create(ProviderStatusSchema, status as never) });
    if (target === undefined) throw new Error("no target");
    expect(stateOf(target, NOW)).toMatchObject({ kind, word });
    expect(isUnused(target)).toBe(kind === "quiet");
  });
});
