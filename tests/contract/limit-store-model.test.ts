// Random histories of reservations: every store answers as the memory does, and no window ever has more than its limit.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LimitRule } from "../../src/limits/limit-store.ts";
import { openMemoryLimits, useLimitStores } from "../support/limit-stores.ts";

const DAY_MS = 86_400_000;
const GENERATIONS = 8;

const rulesOf = (take: number): readonly LimitRule[] => [
  { unit: "requests", key: "requests", most: 6, windowMs: DAY_MS, take: 1 },
  { unit: "tokens", key: "tokens", most: 100, windowMs: DAY_MS, take },
  { unit: "concurrency", key: "calls", most: 3 },
  { unit: "spend", key: "spend", most: 150, borders: [], take },
];

const step = fc.record({
  what: fc.constantFrom("reserve", "reserve", "extend", "settle", "move", "reap"),
  generation: fc.integer({ min: 0, max: GENERATIONS - 1 }),
  amount: fc.integer({ min: 0, max: 60 }),
  isKnown: fc.boolean(),
});
type Step = ReturnType<(typeof step)["generate"]>["value"];

async function apply(
  { limits }: Awaited<ReturnType<typeof openMemoryLimits>>,
  { what, generation, amount, isKnown }: Step,
) {
  const generationId = `g${generation}`;
  switch (what) {
    case "reserve": {
      const about = { generationId, session: "session-a", canMove: true, totalMs: DAY_MS };
      const { state, levels } = await limits.reserve({ ...about, rules: rulesOf(amount) });
      return {
        state,
        levels: levels.map(({ used, refused }) => ({ used, refused: refused && 1 })),
      };
    }
    case "extend": {
      const rules = rulesOf(amount).filter(({ unit }) => unit === "tokens" || unit === "spend");
      const { state, levels } = await limits.extend(generationId, rules);
      return { state, levels: levels.map(({ used }) => used) };
    }
    case "settle": {
      const known = isKnown ? amount : undefined;
      return limits.settle([{ generationId, requests: 1, tokens: known, picos: known }]);
    }
    case "move":
      return limits.move(generationId, isKnown ? "session-a" : "session-b");
    default:
      return (await limits.reap(10)).lost;
  }
}

describe.each(useLimitStores())("limits in $name", (under) => {
  it("answer as the memory does, whatever happens in whatever order", async () => {
    const opened = await under.open();
    let run = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          const model = await openMemoryLimits();
          // A run has counters and generations of its own: the stores are opened once.
          const prefix = `run${run++}`;
          const own = prefixed(opened.limits, prefix);
          for (const session of ["session-a", "session-b"]) {
            await opened.sessions.openSession(session, 60_000);
            await model.sessions.openSession(session, 60_000);
          }
          for (const each of steps) {
            const expected = await apply(model, each);
            expect(await apply({ ...opened, limits: own }, each)).toEqual(expected);
          }
        }),
        { numRuns: under.modelRuns },
      );
    } finally {
      await opened.close();
    }
  }, 120_000);
});

/** The same store for generations and counters whose names begin with the prefix. */
function prefixed(
  limits: Awaited<ReturnType<typeof openMemoryLimits>>["limits"],
  prefix: string,
): typeof limits {
  const name = (text: string): string => `${prefix}-${text}`;
  const own = (rules: readonly LimitRule[]): LimitRule[] =>
    rules.map((rule) => ({ ...rule, key: name(rule.key) }));
  return {
    reserve: (asked) =>
      limits.reserve({
        ...asked,
        generationId: name(asked.generationId),
        rules: own(asked.rules),
      }),
    extend: (generationId, rules) => limits.extend(name(generationId), own(rules)),
    settle: (all) =>
      limits.settle(all.map((each) => ({ ...each, generationId: name(each.generationId) }))),
    move: (generationId, session) => limits.move(name(generationId), session),
    reap: (limit) => limits.reap(limit),
  };
}

/** Calls that arrive at random. */
const arrivals = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 3_000 })),
    take: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 80 },
);

describe("a window", () => {
  it("never has more than its limit, wherever it begins, and refuses nothing that a window and a sixtieth would let pass", async () => {
    const windowMs = 1_000;
    const most = 10;
    const bucketMs = Math.ceil(windowMs / 60);
    await fc.assert(
      fc.asyncProperty(arrivals, async (calls) => {
        const { limits, advance } = await openMemoryLimits();
        const passed: { readonly at: number; readonly take: number }[] = [];
        const since = (start: number): number =>
          passed.reduce((sum, { at, take }) => sum + (at > start ? take : 0), 0);
        let now = 0;
        for (const [index, { afterMs, take }] of calls.entries()) {
          await advance?.(afterMs);
          now += afterMs;
          const rule = { unit: "tokens", key: "w", most, windowMs, take } as const;
          const { state, levels } = await limits.reserve({
            generationId: `g${index}`,
            session: "session-a",
            canMove: true,
            totalMs: DAY_MS,
            rules: [rule],
          });
          if (state === "reserved") {
            passed.push({ at: now, take });
            expect(since(now - windowMs)).toBeLessThanOrEqual(most);
          } else {
            expect(since(now - windowMs - bucketMs) + take).toBeGreaterThan(most);
            const waitMs = levels[0]?.refused?.waitMs ?? -1;
            expect(waitMs).toBeGreaterThan(0);
            expect(waitMs).toBeLessThanOrEqual(windowMs + bucketMs);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
