import { describe, expect, it } from "vitest";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { signOfEvent } from "../../../src/gateway/sign-of-event.ts";
import type { Sign } from "../../../src/reliability/engine-call.ts";

describe("signOfEvent", () => {
  const call = { type: "tool-call-delta", partIndex: 0 } as const;

  it.each<[ProviderEvent, Sign]>([
    [{ type: "text-delta", partIndex: 0, text: "a" }, "content"],
    [{ type: "text-delta", partIndex: 0, text: "" }, "none"],
    [{ type: "reasoning-delta", partIndex: 0, text: "a" }, "content"],
    [{ type: "reasoning-delta", partIndex: 0, text: "" }, "none"],
    [{ type: "refusal-delta", partIndex: 0, text: "a" }, "content"],
    [{ type: "refusal-delta", partIndex: 0, text: "" }, "none"],
    [{ ...call, name: "f", argumentsFragment: "" }, "content"],
    [{ ...call, argumentsFragment: "{" }, "content"],
    [{ ...call, id: "c", argumentsFragment: "" }, "none"],
    [{ type: "part-end", partIndex: 0 }, "none"],
    [{ type: "part-end", partIndex: 0, part: { type: "text", text: "a" } }, "content"],
    [{ type: "response", id: "r" }, "none"],
    [{ type: "usage", counts: { outputTokens: 1 } }, "progress"],
    [{ type: "warning", warning: { reason: "OUTPUT_EMPTY", message: "m", field: "f" } }, "none"],
    [{ type: "finish", reason: "stop", rawReason: "stop" }, "end"],
  ])("%o: %s", (event, sign) => {
    expect(signOfEvent(event)).toBe(sign);
  });
});
