import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import { toHttpError, toInBandError } from "../../../../src/providers/shared/http-error.ts";
import { openAiErrorRules } from "../../../../src/providers/shared/openai-error-rules.ts";

const NAMES = [
  "retry-after-ms",
  "retry-after",
  "x-should-retry",
  ...openAiErrorRules.resetHeaders.flatMap(({ remaining, reset }) => [remaining, reset]),
];
const LONGEST_MS = 86_400_000;

const value = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.double().map(String),
  fc.bigInt().map(String),
  fc.date({ noInvalidDate: false }).map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.stringMatching(/^[\d.smhd+-]{0,20}$/),
  fc.constantFrom("1e999", "Infinity", "-0", "NaN", "0x10", " 5 ", "5,6", "9".repeat(400)),
);

const headers = fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(value, fc.array(value)));
const details = fc.array(
  fc.oneof(
    fc.jsonValue(),
    fc.record({
      "@type": fc.constant("type.googleapis.com/google.rpc.RetryInfo"),
      retryDelay: fc.oneof(value, fc.jsonValue()),
    }),
  ),
);

function expectSane(ms: number | undefined): void {
  if (ms === undefined) return;
  expect(Number.isInteger(ms)).toBe(true);
  expect(ms).toBeGreaterThanOrEqual(0);
  expect(ms).toBeLessThanOrEqual(LONGEST_MS);
}

describe("hints", () => {
  it("are whole, bounded and never negative, whatever a provider sends", () => {
    fc.assert(
      fc.property(headers, details, fc.constantFrom(400, 429, 503), (sent, listed, status) => {
        const body = { error: { message: "", details: listed } };
        const text = JSON.stringify(body);
        expectSane(
          toHttpError({ status, headers: sent, body: text }, openAiErrorRules, systemClock)
            .retryAfterMs,
        );
        expectSane(toInBandError(body, sent, openAiErrorRules, systemClock).retryAfterMs);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a RetryInfo in the body", () => {
  const google = (retryDelay: unknown) => ({
    error: {
      code: 429,
      message: "Resource has been exhausted (e.g. check quota).",
      status: "RESOURCE_EXHAUSTED",
      details: [
        { "@type": "type.googleapis.com/google.rpc.Help", links: [] },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay },
      ],
    },
  });

  it.each([
    ["3s", 3_000],
    ["1.5s", 1_500],
    ["0s", 0],
    ["-1s", undefined],
    ["3", undefined],
    ["soon", undefined],
    [3, undefined],
    [null, undefined],
  ])("of %j", (retryDelay, retryAfterMs) => {
    const body = google(retryDelay);
    for (const form of [body, [body]]) {
      const text = JSON.stringify(form);
      const error = toHttpError(
        { status: 429, headers: {}, body: text },
        openAiErrorRules,
        systemClock,
      );
      expect(error).toMatchObject({ kind: "rate-limit", retryAfterMs });
      const inBand = toInBandError(form, {}, openAiErrorRules, systemClock);
      expect(inBand).toMatchObject({ kind: "rate-limit", retryAfterMs });
    }
  });

  it("comes after the headers", () => {
    const text = JSON.stringify(google("3s"));
    const error = toHttpError(
      { status: 429, headers: { "retry-after": "7" }, body: text },
      openAiErrorRules,
      systemClock,
    );
    expect(error.retryAfterMs).toBe(7_000);
  });
});

describe("reset headers", () => {
  it("are no date where they are a bare number", () => {
    const sent = { "x-ratelimit-reset-requests": "5" };
    expect(
      toHttpError({ status: 429, headers: sent, body: "" }, openAiErrorRules, systemClock)
        .retryAfterMs,
    ).toBeUndefined();
  });
});
