// The promises of limits, checked against what the store has let pass and what was used.
import type { LimitRule, SpendRule, WindowRule } from "../../../src/limits/limit-store.ts";
import { type Counted, finalOf, finalSince, reservedOf } from "./counted.ts";
import type { LimitsWorld } from "./limits-world.ts";

/** Each rule with the generations that it has let pass. */
function byRule(all: readonly Counted[]): Map<string, [LimitRule, Counted[]]> {
  const found = new Map<string, [LimitRule, Counted[]]>();
  for (const counted of all) {
    for (const rule of counted.rules) {
      const [, passed] = found.get(rule.key) ?? [rule, []];
      found.set(rule.key, [rule, [...passed, counted]]);
    }
  }
  return found;
}

function startOf(world: LimitsWorld, { key }: SpendRule): number {
  const hour = 3_600_000;
  if (key.includes("|hour|")) return Math.floor(world.wallTime / hour) * hour;
  const isBegun = world.border.begins.some((period) => key.includes(`|${period}|`));
  return isBegun && world.wallTime >= world.border.at ? world.border.at : 0;
}

/** What was used beyond its reservation is the only excess that a limit of tokens or money may have. */
function excessOf(rule: LimitRule, passed: readonly Counted[], since = 0): number {
  let [sum, beyond] = [0, 0];
  for (const counted of passed) {
    sum += finalSince(counted, rule, since);
    beyond += Math.max(0, finalOf(counted, rule) - reservedOf(counted, rule.key));
  }
  return sum - beyond - rule.most;
}

function checkWindow(rule: WindowRule, passed: readonly Counted[]): string[] {
  const times = passed
    .filter((counted) => finalOf(counted, rule) > 0)
    .flatMap(({ parts }) => (parts.get(rule.key) ?? []).map(({ at }) => at))
    .sort((a, b) => a - b);
  return times.flatMap((at) => {
    const count = times.filter((time) => time > at - rule.windowMs && time <= at).length;
    return count > rule.most ? [`${rule.key}: ${count} requests in a window, at ${at}`] : [];
  });
}

/** No limit has let more pass than it allows. */
export function checkBounds(world: LimitsWorld): string[] {
  return [...byRule(world.counted.all).values()].flatMap(([rule, passed]) => {
    if (rule.unit === "concurrency") return [];
    if (rule.unit === "requests") return checkWindow(rule, passed);
    const since = rule.unit === "spend" ? startOf(world, rule) : 0;
    const excess = excessOf(rule, passed, since);
    return excess > 0 ? [`${rule.key}: ${excess} more than the limit`] : [];
  });
}

/** After all has ended: no place is taken, and each counter has exactly what was used. */
export async function checkCounters(world: LimitsWorld): Promise<string[]> {
  const found: string[] = [];
  for (const [rule, passed] of byRule(world.counted.all).values()) {
    if (rule.unit === "requests") continue;
    const asked = rule.unit === "concurrency" ? rule : { ...rule, take: 0 };
    const about = { session: "checks", canMove: false, totalMs: 0, generationId: "checks" };
    const answer = await world.store.reserve({ ...about, rules: [{ ...asked, most: -1 }] });
    const counted = answer.levels[0]?.used ?? -1;
    const since = rule.unit === "spend" ? startOf(world, rule) : 0;
    const expected = passed.reduce((sum, each) => sum + finalSince(each, rule, since), 0);
    if (counted !== expected) found.push(`${rule.key}: ${counted} are counted, not ${expected}`);
  }
  return found;
}
