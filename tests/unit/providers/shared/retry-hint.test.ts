import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import { toHttpError } from "../../../../src/providers/shared/http-error.ts";
import { openAiErrorRules } from "../../../../src/providers/shared/openai-error-rules.ts";

const NOW = Date.UTC(2026, 10, 24, 12, 0, 0);
const clock = { ...systemClock, wallTime: () => NOW };

describe("hints of a rate limit", () => {
  const hints: [string, Record<string, string>, number | undefined][] = [
    ["retry-after-ms first", { "retry-after-ms": "1500.2", "retry-after": "9" }, 1_501],
    ["the other one beside a zero", { "retry-after-ms": "0", "retry-after": "5" }, 5_000],
    ["a zero on its own", { "retry-after-ms": "0" }, 0],
    ["two zeros", { "retry-after-ms": "0", "retry-after": "0" }, 0],
    ["a zero beside nonsense", { "retry-after-ms": "0", "retry-after": "soon" }, 0],
    ["retry-after in seconds", { "retry-after": "2" }, 2_000],
    ["retry-after in parts of seconds", { "retry-after": "0.25" }, 250],
    ["retry-after as a date", { "retry-after": "Tue, 24 Nov 2026 12:00:30 GMT" }, 30_000],
    ["retry-after as a past date", { "retry-after": "Tue, 24 Nov 2026 11:00:00 GMT" }, 0],
    ["a negative retry-after", { "retry-after": "-5" }, undefined],
    ["nonsense", { "retry-after": "soon" }, undefined],
    ["a huge retry-after", { "retry-after": "99999999999999999999" }, undefined],
    ["a point in time as seconds", { "retry-after": "1795521600" }, undefined],
    [
      "the reset of the exhausted limit",
      {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "6m0s",
        "x-ratelimit-remaining-tokens": "5",
        "x-ratelimit-reset-tokens": "12h",
      },
      360_000,
    ],
    [
      "the later reset where none is exhausted",
      { "x-ratelimit-reset-requests": "40ms", "x-ratelimit-reset-tokens": "1m30.5s" },
      90_500,
    ],
    ["no header", {}, undefined],
  ];

  it.each(hints)("reads %s", (_name, headers, retryAfterMs) => {
    const error = toHttpError({ status: 429, headers, body: "" }, openAiErrorRules, clock);
    expect(error).toMatchObject({ kind: "rate-limit", retryAfterMs });
  });

  it("asks the limits that are not used up for rate limits only, and none beside a wrong request", () => {
    const headers = { "x-ratelimit-reset-requests": "40ms" };
    const exhausted = { ...headers, "x-ratelimit-remaining-requests": "0" };
    for (const status of [500, 503, 529]) {
      expect(
        toHttpError({ status, headers, body: "" }, openAiErrorRules, clock).retryAfterMs,
      ).toBeUndefined();
      expect(
        toHttpError({ status, headers: exhausted, body: "" }, openAiErrorRules, clock).retryAfterMs,
      ).toBe(40);
    }
    for (const status of [400, 401, 404]) {
      expect(
        toHttpError({ status, headers: exhausted, body: "" }, openAiErrorRules, clock).retryAfterMs,
      ).toBeUndefined();
    }
  });
});
