import { expect, it } from "vitest";
import { type Mutation, runMutant } from "../../support/mutant.ts";
import { isNightly } from "../../support/nightly.ts";

// The suite beside this file is worth what it notices: each rule that is broken in
// a copy of the sources must turn it red, by an assertion and not by a crash.

const TABLES = "src/providers/shared/classify-error.ts";
const RULES = "src/reliability/failure-rule.ts";
const DECIDE = "src/reliability/decide.ts";
const TIMEOUT_MS = 90_000;
/** The first ones show that the suite can be red; `npm run nightly` breaks all rules. */
const IN_CI = 2;

const MUTATIONS: readonly (readonly [what: string, test: string, mutation: Mutation])[] = [
  [
    "a 429 is taken for a server error",
    "one-target",
    { file: TABLES, from: '[429, "rate-limit"],', to: '[429, "server-error"],' },
  ],
  [
    "a bad request is repeated",
    "one-target",
    { file: RULES, from: "validation: FINAL", to: "validation: TRANSIENT" },
  ],
  [
    "an overloaded provider is asked as often as the limits allow",
    "one-target",
    {
      file: RULES,
      from: 'rule(0, 1, "any", "throttle")',
      to: 'rule(0, UNLIMITED, "any", "throttle")',
    },
  ],
  [
    "a refused credential leads to the same instance",
    "two-targets",
    {
      file: RULES,
      from: '"provider-authentication": rule(0, 0, "other-instance")',
      to: '"provider-authentication": rule(0, 0, "any")',
    },
  ],
  [
    "a provider forces what is never repeated",
    "explicit-hints",
    { file: RULES, from: 'return isDenied(error) ? undefined : "force";', to: 'return "force";' },
  ],
  [
    "a hint is cut",
    "hints",
    {
      file: "src/reliability/backoff.ts",
      from: "return hintMs + random",
      to: "return 1_000 + random",
    },
  ],
  [
    "a wait is longer than the call's time",
    "hints",
    { file: DECIDE, from: 'return "deadline";', to: "return undefined;" },
  ],
  [
    "output that was delivered is no obstacle",
    "after-output",
    { file: DECIDE, from: "if (committed && isKept)", to: "if (false)" },
  ],
  [
    "the ceiling over all targets is gone",
    "two-targets",
    { file: DECIDE, from: "if (failed.attempts >= policy.totalAttempts)", to: "if (false)" },
  ],
  [
    "clients are not told to stay away",
    "one-target",
    { file: "src/rpc/encode-error.ts", from: 'return "-1";', to: "return undefined;" },
  ],
];

const fileOf = (test: string): string => `tests/system/reliability/${test}.test.ts`;

it("the copy itself is green", { timeout: TIMEOUT_MS }, async () => {
  const { passed, messages } = await runMutant(fileOf("after-output"), undefined);
  expect(messages).toEqual([]);
  expect(passed).toBeGreaterThan(0);
});

// Together, since each is a process of its own.
it.concurrent.each(isNightly ? MUTATIONS : MUTATIONS.slice(0, IN_CI))(
  "%s: noticed",
  { timeout: TIMEOUT_MS },
  async (_what, test, mutation) => {
    const { failed, messages } = await runMutant(fileOf(test), mutation);
    expect(failed).toBeGreaterThan(0);
    expect(messages.join("\n")).toContain("AssertionError");
  },
);
