import { expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { CountMethod } from "../../../src/ports/gateway.ts";
import {
  breaks,
  byProvider,
  type Count,
  countScene,
  counts,
  estimated,
  hangs,
  NOTHING,
  ONE_ATTEMPT,
  TOTAL_MS,
} from "../../support/count-scene.ts";
import { testSpec } from "../../support/provider-request.ts";

it.each<[string, Count | undefined, CountMethod, object, number]>([
  ["a provider that counts", counts, "any", byProvider, 1],
  ["a provider that counts", counts, "provider", byProvider, 1],
  ["a provider that counts", counts, "estimate", estimated, 0],
  ["a provider that fails", breaks, "any", estimated, 1],
  ["a provider without a counter", undefined, "any", estimated, 0],
  ["a provider without a counter", undefined, "estimate", estimated, 0],
])("%s: %s %s", async (_name, count, method, expected, calls) => {
  const { ask, asked, held } = countScene(count);
  expect(await ask(method, ONE_ATTEMPT)).toMatchObject(expected);
  expect(asked).toHaveLength(calls);
  expect(held()).toEqual(NOTHING);
});

it("what was asked of the provider alone fails as the provider fails, and gives its lease back", async () => {
  const { ask, held } = countScene(breaks);
  const error = { kind: "network", message: "broken" };
  await expect(ask("provider", ONE_ATTEMPT)).rejects.toMatchObject(error);
  expect(held()).toEqual(NOTHING);
});

it("a provider without a counter cannot be asked", async () => {
  const error = { kind: "validation", reason: "PROVIDER_COUNT_UNAVAILABLE" };
  const metadata = { provider: "test", model: "test-model" };
  await expect(countScene().ask("provider")).rejects.toMatchObject({ ...error, metadata });
});

it("an instance that is not there is not asked", async () => {
  const { ask, asked } = countScene(counts, { isAvailable: false });
  expect(await ask("any")).toMatchObject(estimated);
  await expect(ask("provider")).rejects.toMatchObject({ reason: "PROVIDER_COUNT_UNAVAILABLE" });
  expect(asked).toEqual([]);
});

it.each<[CountMethod, number | undefined, number]>([
  // With an estimate behind it half of the time, ten seconds at most; alone all of it.
  ["any", undefined, 10_000],
  // A tenth of a second of the deadline is for the way of the answer.
  ["any", 4_100, 2_000],
  ["provider", undefined, TOTAL_MS],
  ["provider", 4_100, 4_000],
])("a provider that hangs is waited for: %s within %s is %i ms", async (method, limit, waited) => {
  const { clock, ask, held } = countScene(hangs);
  let end: unknown;
  ask(method, { timeoutMs: limit }).then(
    (count) => {
      end = count;
    },
    (error: unknown) => {
      end = error;
    },
  );
  await clock.advance(waited - 1);
  expect([end, held()]).toEqual([undefined, [1, 1, 1, 2]]);
  await clock.advance(1);
  const message = `the provider did not count within ${waited} ms`;
  expect(end).toMatchObject(method === "any" ? estimated : { kind: "total-timeout", message });
  expect(held()).toEqual(NOTHING);
});

it("a caller that has gone is given no estimate", async () => {
  const { clock, ask, controller, held } = countScene(hangs);
  const counting = ask("any");
  await clock.advance(1);
  controller.abort(new GatewayError("cancelled", "gone"));
  await expect(counting).rejects.toMatchObject({ kind: "cancelled" });
  expect(held()).toEqual(NOTHING);
});

it("the connection has the time that the request gives it, else the model, and nothing is streamed", async () => {
  const { ask, asked } = countScene(counts);
  await ask("any");
  await ask("any", { spec: testSpec({ timeouts: { connectMs: 50 } }) });
  expect(asked).toMatchObject([
    { connectTimeoutMs: 700, stream: false, attempt: 1, continues: false, usageWaitMs: 0 },
    { connectTimeoutMs: 50 },
  ]);
});
