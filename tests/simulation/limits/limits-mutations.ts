// Guards of limits, each taken away by a wrapper around the store: a simulation that does not notice proves nothing.
import type { LimitRule, LimitStore } from "../../../src/limits/limit-store.ts";
import { SpendPeriods } from "../../../src/limits/spend-periods.ts";
import { BORDERS } from "./border.ts";
import type { LimitsMutation } from "./limits-world.ts";

function mutation(change: (store: LimitStore) => Partial<LimitStore>): LimitsMutation {
  return (store) => ({ ...store, ...change(store) });
}

const loosened = (rules: readonly LimitRule[], unit: LimitRule["unit"]): LimitRule[] =>
  rules.map((rule) => (rule.unit === unit ? { ...rule, most: rule.most * 1.2 } : rule));

const loose = (unit: LimitRule["unit"]): LimitsMutation =>
  mutation((store) => ({
    reserve: (asked) => store.reserve({ ...asked, rules: loosened(asked.rules, unit) }),
  }));

/** The rules of each generation, for defects that take them again. */
function remembered(
  store: LimitStore,
): Map<string, readonly LimitRule[]> & Pick<LimitStore, "reserve"> {
  const rules = new Map<string, readonly LimitRule[]>();
  return Object.assign(rules, {
    reserve: (asked: Parameters<LimitStore["reserve"]>[0]) => {
      rules.set(asked.generationId, asked.rules);
      return store.reserve(asked);
    },
  });
}

export const limitsMutations: Readonly<Record<string, LimitsMutation>> = {
  "a settlement that comes twice counts twice": mutation((store) => {
    const known = remembered(store);
    const settled = new Set<string>();
    const again = (id: string): void => {
      const about = { session: "again", canMove: false, totalMs: 0, generationId: `${id}-again` };
      const rules = (known.get(id) ?? []).filter(({ unit }) => unit === "spend");
      void store.reserve({ ...about, rules });
    };
    return {
      reserve: known.reserve,
      settle(settlements) {
        for (const { generationId } of settlements) {
          if (settled.has(generationId)) again(generationId);
          settled.add(generationId);
        }
        return store.settle(settlements);
      },
    };
  }),
  "a call that repeats another one keeps its place": mutation((store) => ({
    settle: (settlements) => store.settle(settlements.filter(({ requests }) => requests === 1)),
  })),
  "a batch of settlements is settled in part": mutation((store) => ({
    settle: (settlements) => store.settle(settlements.slice(0, 2)),
  })),
  "nobody reaps what a dead replica had reserved": mutation(() => ({
    reap: () => ({ lost: 0, replicas: 1 }),
  })),
  "a takeover reserves again": mutation((store) => {
    const known = remembered(store);
    return {
      reserve: known.reserve,
      move(generationId, session) {
        const about = {
          session,
          canMove: false,
          totalMs: 0,
          generationId: `${generationId}-moved`,
        };
        void store.reserve({ ...about, rules: known.get(generationId) ?? [] });
        return store.move(generationId, session);
      },
    };
  }),
  "an extension takes nothing": mutation((store) => ({
    extend: (generationId, rules) =>
      store.extend(
        generationId,
        rules.map((rule) => ("take" in rule ? { ...rule, take: 0 } : rule)),
      ),
  })),
  "more requests pass than the limit allows": loose("requests"),
  "more run at a time than the limit allows": loose("concurrency"),
  "more money is spent than the limit allows": loose("spend"),
  "more tokens are used than the limit allows": loose("tokens"),
  "days and months begin in UTC": mutation((store) => {
    const inUtc = (rules: readonly LimitRule[]): LimitRule[] =>
      rules.map((rule) => {
        if (rule.unit !== "spend" || !/\|(day|month)\|/.test(rule.key)) return rule;
        const period = rule.key.includes("|day|") ? "day" : "month";
        const wallTime = (): number => rule.borders[1] ?? BORDERS[0].at;
        return { ...rule, borders: new SpendPeriods({ wallTime }, () => "UTC").borders(period) };
      });
    return {
      reserve: (asked) => store.reserve({ ...asked, rules: inUtc(asked.rules) }),
      extend: (id, rules) => store.extend(id, inUtc(rules)),
    };
  }),
};
