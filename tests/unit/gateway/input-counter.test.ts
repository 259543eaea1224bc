import { expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { createInputCounter } from "../../../src/gateway/input-counter.ts";
import type { CountMethod, InputCountCall } from "../../../src/ports/gateway.ts";
import type { Provider, ProviderRequest } from "../../../src/providers/provider.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";
import { testCounter } from "../../support/token-counter.ts";

const TOTAL_MS = 60_000;
const TIMEOUTS = {
  connectMs: 5_000,
  firstTokenMs: 1_000,
  firstTokenFailoverMs: 1_000,
  answerFailoverMs: 1_000,
  idleMs: 1_000,
  reasoningMs: 1_000,
  reasoningFailoverMs: 1_000,
  totalMs: TOTAL_MS,
  maxTotalMs: TOTAL_MS,
};

type Count = NonNullable<Provider["countInput"]>;

const counts: Count = async () => 42;
const breaks: Count = async () => {
  throw new GatewayError("network", "broken");
};
/** Never counts. */
const hangs =
  (clock: ManualClock): Count =>
  async (_request, signal) => {
    await clock.sleep(1e9, signal);
    return 0;
  };

/** The counter before a provider; undefined: one that does not count. */
function setUp(countInput?: Count | ((clock: ManualClock) => Count), isAvailable = true) {
  const clock = createManualClock();
  const count = countInput === hangs ? hangs(clock) : (countInput as Count | undefined);
  const asked: ProviderRequest[] = [];
  let leases = 0;
  const provider: Provider = {
    // biome-ignore lint/correctness/useYield: counting generates nothing.
    async *generate() {
      throw new Error("nothing is generated");
    },
    close: async () => {},
    ...(count !== undefined && {
      countInput: (request: ProviderRequest, signal: AbortSignal) => {
        asked.push(request);
        return count(request, signal);
      },
    }),
  };
  const controller = new AbortController();
  const countOf = createInputCounter({
    clock,
    counter: testCounter(clock, "character"),
    deployment: () => ({
      firstTarget: (spec) => ({
        model: testModel({ timeouts: { connectMs: 700 } as never }),
        spec,
        effort: undefined,
        options: {},
        warnings: [],
      }),
      isAvailable: () => isAvailable,
      provider: () => provider,
      lease() {
        leases++;
        return () => leases--;
      },
      timeouts: TIMEOUTS,
    }),
  });
  const ask = (method: CountMethod, changes: Partial<InputCountCall> = {}) =>
    countOf({
      spec: testSpec(),
      method,
      signal: controller.signal,
      timeoutMs: undefined,
      ...changes,
    });
  return { clock, ask, asked, controller, leases: () => leases };
}

const byProvider = { tokens: 42, estimate: undefined };
/** "user: Hi" at four characters a token, and four for the message. */
const estimated = { tokens: 6, estimate: { estimator: "chars/4" } };

it.each<[string, Count | undefined, CountMethod, object, number]>([
  ["a provider that counts", counts, "any", byProvider, 1],
  ["a provider that counts", counts, "provider", byProvider, 1],
  ["a provider that counts", counts, "estimate", estimated, 0],
  ["a provider that fails", breaks, "any", estimated, 1],
  ["a provider without a counter", undefined, "any", estimated, 0],
  ["a provider without a counter", undefined, "estimate", estimated, 0],
])("%s: %s %s", async (_name, count, method, expected, calls) => {
  const { ask, asked, leases } = setUp(count);
  expect(await ask(method)).toMatchObject(expected);
  expect(asked).toHaveLength(calls);
  expect(leases()).toBe(0);
});

it("what was asked of the provider alone fails as the provider fails, and gives its lease back", async () => {
  const { ask, leases } = setUp(breaks);
  await expect(ask("provider")).rejects.toMatchObject({ kind: "network", message: "broken" });
  expect(leases()).toBe(0);
});

it("a provider without a counter cannot be asked", async () => {
  const error = { kind: "validation", reason: "PROVIDER_COUNT_UNAVAILABLE" };
  const metadata = { provider: "test", model: "test-model" };
  await expect(setUp().ask("provider")).rejects.toMatchObject({ ...error, metadata });
});

it("an instance that is not there is not asked", async () => {
  const { ask, asked } = setUp(counts, false);
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
  const { clock, ask, leases } = setUp(hangs);
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
  expect([end, leases()]).toEqual([undefined, 1]);
  await clock.advance(1);
  const message = `the provider did not count within ${waited} ms`;
  expect(end).toMatchObject(method === "any" ? estimated : { kind: "total-timeout", message });
  expect(leases()).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

it("a caller that has gone is given no estimate", async () => {
  const { clock, ask, controller, leases } = setUp(hangs);
  const counting = ask("any");
  await clock.advance(1);
  controller.abort(new GatewayError("cancelled", "gone"));
  await expect(counting).rejects.toMatchObject({ kind: "cancelled" });
  expect(leases()).toBe(0);
});

it("the connection has the time that the request gives it, else the model, and nothing is streamed", async () => {
  const { ask, asked } = setUp(counts);
  await ask("any");
  await ask("any", { spec: testSpec({ timeouts: { connectMs: 50 } }) });
  expect(asked).toMatchObject([
    { connectTimeoutMs: 700, stream: false, attempt: 1, continues: false, usageWaitMs: 0 },
    { connectTimeoutMs: 50 },
  ]);
});
