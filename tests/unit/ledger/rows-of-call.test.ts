import { expect, it } from "vitest";
import { type CallRecord, rowsOfCall } from "../../../src/ledger/rows-of-call.ts";
import { COUNTERS } from "../../../src/ledger/sums.ts";
import { callRecord, usedAttempt } from "../../support/usage-call.ts";

/** The counters that are not 0, by what is named of the key. */
function outline(record: CallRecord, labels: readonly string[] = []) {
  return rowsOfCall(record, "team", labels).map(({ key, sums }) => {
    const counters = COUNTERS.map((name, index) => [name, sums.counters[index]] as const);
    return [
      [key.provider, key.model, key.currency, key.outcome, key.label, key.value].join(" ").trim(),
      Object.fromEntries(counters.filter(([, value]) => value !== 0)),
    ];
  });
}

it("gives each target its attempts, and the last one the call", () => {
  const record = callRecord({
    attempts: [
      usedAttempt({ picos: 7, input: 10 }, { outcome: "failed" }),
      usedAttempt({ picos: 8, input: 10 }, { trigger: "retry", outcome: "failed" }),
      { ...usedAttempt({}), provider: "closed", outcome: "skipped" },
      usedAttempt(
        { picos: 3_000_000_000_001, currency: "EUR", input: 11, output: 5, source: "mixed" },
        { trigger: "failover", provider: "q" },
      ),
      usedAttempt({ picos: 1 }, { trigger: "hedge", outcome: "superseded", provider: "r" }),
    ],
    target: { provider: "q", model: "m" },
    firstTokenMs: 100,
  });
  expect(outline(record)).toEqual([
    ["p m USD succeeded", { picos: 15, attempts: 2, retries: 1, inputTokens: 20 }],
    [
      "q m EUR succeeded",
      {
        units: 3,
        picos: 1,
        calls: 1,
        attempts: 1,
        failovers: 1,
        inputTokens: 11,
        outputTokens: 5,
        estimatedInputTokens: 11,
        estimatedOutputTokens: 5,
      },
    ],
    ["r m USD succeeded", { picos: 1, attempts: 1, hedges: 1 }],
  ]);
  expect(rowsOfCall(record, "team", [])[1]?.sums.times[27]).toBe(1);
  expect(rowsOfCall(record, "team", [])[0]?.key).toMatchObject({ caller: "web", group: "team" });
});

it("counts attempts of unknown price, and none that nobody charges for", () => {
  const refused = usedAttempt({}, { outcome: "failed" });
  const { usage: _, ...free } = refused;
  const record = callRecord({ attempts: [refused, free], errorKind: "server-error" });
  expect(outline(record)).toEqual([
    ["p m  failed", { calls: 1, failures: 1, attempts: 2, unpricedAttempts: 1 }],
  ]);
});

it("has a row for each currency of a target", () => {
  const record = callRecord({
    attempts: [
      usedAttempt({ picos: 7 }, { outcome: "failed" }),
      usedAttempt({ picos: 8, currency: "EUR" }, { trigger: "retry" }),
    ],
  });
  expect(outline(record)).toEqual([
    ["p m USD succeeded", { picos: 7, calls: 1, attempts: 1 }],
    ["p m EUR succeeded", { picos: 8, attempts: 1, retries: 1 }],
  ]);
});

it.each([
  ["cancelled", "cancelled", { calls: 1, cancelled: 1 }],
  ["not-found", "failed", { calls: 1, failures: 1 }],
])(
  "a call that ends with %s before any attempt is one of the model it asked for",
  (errorKind, outcome, counters) => {
    const target = { provider: "", model: "" };
    const record = callRecord({ attempts: [], errorKind, target, requestedModel: "wanted" });
    expect(outline(record)).toEqual([[`wanted  ${outcome}`, counters]]);
  },
);

it("has the same rows for each label, with the value or without one", () => {
  const record = callRecord({ labels: { team: "a", other: "b" } });
  const sums = { picos: 1, calls: 1, attempts: 1 };
  expect(outline(record, ["team", "step"])).toEqual([
    ["p m USD succeeded", sums],
    ["p m USD succeeded team a", sums],
    ["p m USD succeeded step", sums],
  ]);
});
