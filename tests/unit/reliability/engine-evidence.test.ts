import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { answered, fails, type Script, setUpEngine } from "../../support/engine.ts";

describe("field:E21 a target that is busy", () => {
  const slow = new GatewayError("first-token-timeout", "test");
  const streams: Script = async function* (signal, clock) {
    for (;;) {
      yield { type: "text-delta", partIndex: 0, text: "a" };
      await clock.sleep(1_000, signal);
    }
  };

  it("with others is not ejected by those that waited in vain", async () => {
    const scripts = Array.from({ length: 30 }, () => fails(slow, 30_000));
    const { clock, call, state } = setUpEngine({ a: [streams, ...scripts] });
    const served = call();
    for (let time = 0; time < 30; time++) {
      const run = call();
      await clock.advance(30_000);
      await run.done;
    }
    expect(served.ended).toBe(false);
    expect(state("a").circuit.state).toBe("closed");
    served.cancel(new GatewayError("cancelled", "test"));
    await served.done;
  });

  it("with nobody is ejected", async () => {
    const { clock, call, state } = setUpEngine({ a: fails(slow, 30_000) });
    for (let time = 0; time < 5; time++) {
      const run = call();
      await clock.advance(30_000);
      await run.done;
    }
    expect(state("a").circuit.state).toBe("open");
  });
});

describe("field:E20 what one call fails with again and again", () => {
  it("is one failure of its target", async () => {
    const { clock, call, state } = setUpEngine({ a: fails(answered(500)) });
    for (let time = 0; time < 4; time++) {
      const run = call();
      await clock.advance(10_000);
      await run.done;
      expect(run.sent).toHaveLength(3);
    }
    expect(state("a").circuit.snapshot()).toMatchObject({
      state: "closed",
      windowFailures: 4,
      windowRequests: 4,
    });
  });
});
