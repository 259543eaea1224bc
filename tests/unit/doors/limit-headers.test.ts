import { expect, it } from "vitest";
import {
  anthropicLimitHeaders,
  openAiLimitHeaders,
} from "../../../src/doors/shared/limit-headers.ts";
import type { LimitStandings } from "../../../src/ports/call-limits.ts";

const NOW = Date.UTC(2026, 10, 1, 12, 0, 0, 1);
const standing = (resetMs: number) => ({ amount: 100, remaining: 41.9, resetMs });

it.each([
  [0, "0ms"],
  [19.2, "20ms"],
  [999, "999ms"],
  [1_000, "1s"],
  [6_001, "7s"],
  [59_999, "1m0s"],
  [61_000, "1m1s"],
  [3_599_000, "59m59s"],
  [3_600_000, "1h0m0s"],
  [7_530_000, "2h5m30s"],
])("a reset in %d ms is %s, as OpenAI writes it", (resetMs, text) => {
  expect(openAiLimitHeaders({ requests: standing(resetMs) } as LimitStandings, NOW)).toEqual([
    ["x-ratelimit-limit-requests", "100"],
    ["x-ratelimit-remaining-requests", "41"],
    ["x-ratelimit-reset-requests", text],
  ]);
});

it("a reset is a time in whole seconds, not before it, as Anthropic writes it", () => {
  const standings = { requests: standing(1_000), tokens: standing(0) } as LimitStandings;
  expect(anthropicLimitHeaders(standings, NOW)).toEqual([
    ["anthropic-ratelimit-requests-limit", "100"],
    ["anthropic-ratelimit-requests-remaining", "41"],
    ["anthropic-ratelimit-requests-reset", "2026-11-01T12:00:02Z"],
    ["anthropic-ratelimit-tokens-limit", "100"],
    ["anthropic-ratelimit-tokens-remaining", "41"],
    ["anthropic-ratelimit-tokens-reset", "2026-11-01T12:00:01Z"],
  ]);
});

it("a caller without limits gets no header", () => {
  expect(openAiLimitHeaders({} as LimitStandings, NOW)).toEqual([]);
});
