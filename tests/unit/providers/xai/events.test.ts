import { describe, expect, it } from "vitest";
import { readUsage } from "../../../../src/providers/xai/events.ts";

describe("readUsage", () => {
  const usage = (
    prompt_tokens: number,
    completion_tokens: number,
    total_tokens: number | undefined,
    reasoning_tokens: number | undefined,
    cached_tokens = 0,
  ) => ({
    prompt_tokens,
    completion_tokens,
    ...(total_tokens === undefined ? undefined : { total_tokens }),
    prompt_tokens_details: { cached_tokens },
    ...(reasoning_tokens === undefined
      ? undefined
      : { completion_tokens_details: { reasoning_tokens } }),
  });

  it.each([
    ["reasoning beside the completion", usage(32, 9, 135, 94), 32, 103],
    ["reasoning that a proxy has added", usage(32, 103, 135, 94), 32, 103],
    ["reasoning without a total", usage(32, 9, undefined, 94), 32, 103],
    ["no reasoning", usage(32, 9, 41, 0), 32, 9],
    ["no report of reasoning", usage(32, 9, 41, undefined), 32, 9],
    ["cached tokens inside the prompt", usage(32, 9, 41, 0, 6), 32, 9],
    ["more cached tokens than prompt", usage(10, 9, 19, 0, 22), 32, 9],
  ])("adds up %s", (_name, given, inputTokens, outputTokens) => {
    expect(readUsage(given).counts).toMatchObject({ inputTokens, outputTokens });
  });

  it("leaves out what was not reported", () => {
    expect(readUsage({ prompt_tokens: 3 })).toEqual({ counts: { inputTokens: 3 }, impossible: [] });
    expect(readUsage({ prompt_tokens: -1, completion_tokens: "9" })).toEqual({
      counts: {},
      impossible: ["inputTokens", "outputTokens"],
    });
  });
});
