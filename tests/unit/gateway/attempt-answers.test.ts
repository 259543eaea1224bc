import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { attemptScene } from "../../support/attempt-scene.ts";

const text = (value: string): ProviderEvent => ({ type: "text-delta", partIndex: 0, text: value });
const finish: ProviderEvent = { type: "finish", reason: "stop", rawReason: "end" };

describe("an answer that holds nothing", () => {
  const empty = { ...finish, isEmpty: true } as ProviderEvent;

  it("is refused while there is somebody to ask again", () => {
    const { start, say } = attemptScene();
    const attempt = start();
    say(attempt, empty);
    expect(() => attempt.accept()).toThrow(
      expect.objectContaining({
        kind: "truncated",
        message: "the provider's answer is empty",
      }),
    );
    attempt.end("failed", new GatewayError("truncated", "the provider's answer is empty"));
    const again = start();
    say(again, empty);
    expect(again.accept()).toBeUndefined();
    again.end("failed", new GatewayError("truncated", "the provider's answer is empty"));
    const before = start({ plan: { hasNext: true } });
    say(before, empty);
    expect(() => before.accept()).toThrow("empty");
  });
});

it("the warnings of a target, and of its limits, are those of the result", () => {
  const set = attemptScene();
  const warning = { reason: "OUTPUT_EMPTY", message: "m", field: "sampling.seed" } as const;
  const fitted = set.fitted({
    model: { maxOutputTokens: 10 },
    spec: { sampling: { maxOutputTokens: 20 } },
  });
  const attempt = set.start({ plan: { target: { ...fitted, warnings: [warning] } } });
  set.say(attempt, text("a"), finish);
  attempt.end("succeeded");
  set.result.succeed();
  const outcome = set.result.outcome();
  const { warnings } = outcome.state === "succeeded" ? outcome.generation : { warnings: [] };
  expect(warnings[0]).toEqual(warning);
});
