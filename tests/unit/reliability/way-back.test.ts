import { expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { answered, fails, setUpEngine, succeeds } from "../../support/engine.ts";

const { lastTargetBaseMs } = DEFAULT_SETTINGS.retry.transient;
const later = answered(429, { "retry-after": "3" });
const soon = answered(524);
/** Nothing may follow it by itself, and it says nothing of other targets. */
const refuses = fails(answered(400));

it.each([
  ["the first of two", soon, later, "abca"],
  ["the second of two", later, soon, "abcb"],
])("a call goes back to the target that can be asked again soonest: %s", async (...given) => {
  const [, first, second, order] = given;
  const { clock, call } = setUpEngine({
    a: [fails(first), succeeds()],
    b: [fails(second), succeeds()],
    c: refuses,
  });
  await clock.advance(10_000);
  const run = call();
  await clock.advance(10_000);
  expect(await run.done).toBeUndefined();
  expect(run.sent.map(({ provider }) => provider).join("")).toBe(order);
  const waitMs = Number(run.waits.at(-1)?.ms);
  expect(waitMs).toBeGreaterThanOrEqual(lastTargetBaseMs / 2);
  expect(waitMs).toBeLessThanOrEqual(lastTargetBaseMs);
});

it("a call waits for the pause of the only target that it can go back to", async () => {
  const { clock, call } = setUpEngine({ a: [fails(later), succeeds()], b: refuses });
  await clock.advance(10_000);
  const run = call();
  await clock.advance(2_999);
  expect(run.sent).toHaveLength(2);
  await clock.advance(400);
  expect(await run.done).toBeUndefined();
  expect(run.sent[2]?.plan).toMatchObject({ trigger: "failover", delayFromProvider: true });
});
