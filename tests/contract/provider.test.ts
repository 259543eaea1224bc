import { existsSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { GatewayError } from "../../src/domain/gateway-error.ts";
import { CAPABILITIES, type Model } from "../../src/domain/model.ts";
import type { ProviderEvent } from "../../src/domain/provider-event.ts";
import type { TokenCounts } from "../../src/domain/token-usage.ts";
import type { Provider, ProviderRequest, ProviderType } from "../../src/providers/provider.ts";
import * as registry from "../../src/providers/registry.ts";
import { collectEvents } from "../support/collect-events.ts";
import { expectOneWithin } from "../support/expect-one-within.ts";
import { type HttpUpstream, startHttpUpstream } from "../support/http-upstream.ts";
import { testInstance, testModel, testRequest, testSpec } from "../support/provider-request.ts";
import { loadFixtures, type WireFixture } from "../support/wire-fixture.ts";

const types: Readonly<Record<string, ProviderType>> = registry;

/** Types without a wire of their own. */
const WITHOUT_FIXTURES: Readonly<Record<string, string>> = {
  simulator: "it answers inside the process",
};

const wireTypes = Object.keys(types).filter((type) => !(type in WITHOUT_FIXTURES));

const PROVIDERS = join(import.meta.dirname, "../../src/providers");

/** Types with arithmetic of their own, each with worked examples. */
const COUNTS_ITSELF = ["anthropic", "openai", "xai"];

function modelOf(name: string, dialect: string): Model {
  return testModel({
    providerType: name,
    dialect,
    capabilities: new Set(CAPABILITIES),
    parameters: new Set(types[name]?.dialects[dialect]),
  });
}

function requestOf(type: string, fixture: WireFixture): ProviderRequest {
  const { dialect, stream, spec } = fixture.expected;
  return testRequest({ model: modelOf(type, dialect), spec: testSpec(spec), stream });
}

async function createProvider(type: string, upstream: HttpUpstream): Promise<Provider> {
  const { create } = types[type] as ProviderType;
  return create(testInstance({ id: "test", type, baseUrl: upstream.baseUrl }), {
    // Made-up identifiers are random.
    clock: { ...systemClock, random: () => 0 },
    allowFaults: false,
  });
}

type Send = (response: ServerResponse, body: Buffer) => Promise<void> | void;

const whole: Send = (response, body) => void response.end(body);

const byteByByte: Send = async (response, body) => {
  response.socket?.setNoDelay(true);
  for (let position = 0; position < body.length && !response.destroyed; position++) {
    response.write(body.subarray(position, position + 1));
    await nextTurn();
  }
  response.end();
};

async function replay(type: string, fixture: WireFixture, send: Send) {
  await using upstream = await startHttpUpstream(({ response }) => {
    response.writeHead(fixture.status, Object.fromEntries(fixture.headers));
    void send(response, fixture.body);
  });
  const provider = await createProvider(type, upstream);
  try {
    const collected = await collectEvents(
      provider.generate(requestOf(type, fixture), new AbortController().signal),
    );
    return { ...collected, requests: upstream.seen };
  } finally {
    await provider.close();
  }
}

/** Signatures are bytes in the domain, and `{$bytes: text}` in a fixture. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("utf8") };
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, comparable(entry)]));
}

function checkOutcome(
  fixture: WireFixture,
  { events, error }: { events: readonly ProviderEvent[]; error: unknown },
): void {
  const { expected } = fixture;
  if (expected.error === undefined) expect(error).toBeUndefined();
  else {
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject(expected.error);
  }
  expect(comparable(events)).toEqual(expected.events);
  // Parts are numbered from 0 without gaps, and `finish` is last.
  const indices = events.flatMap((event) => ("partIndex" in event ? [event.partIndex] : []));
  const distinct = [...new Set(indices)];
  expect(distinct).toEqual(distinct.map((_, position) => position));
  const finish = events.findIndex(({ type }) => type === "finish");
  expect(finish === -1 || finish === events.length - 1).toBe(true);
  expect(finish === -1).toBe(expected.error !== undefined);
}

it.each(Object.keys(types))("provider %s is one record, or a folder of its own", (type) => {
  const places = [join(type, "provider.ts"), join("compatible", `${type}.ts`)];
  expect(places.filter((place) => existsSync(join(PROVIDERS, place)))).toHaveLength(1);
});

describe.each(wireTypes)("provider %s", (type) => {
  const fixtures = loadFixtures(type);

  it("has fixtures for each of its dialects", () => {
    const dialects = new Set(fixtures.map(({ expected }) => expected.dialect));
    expect([...dialects].sort()).toEqual(Object.keys(types[type]?.dialects ?? {}).sort());
  });

  it.each(fixtures.map((fixture) => [fixture.name, fixture] as const))(
    "reads %s",
    async (_name, fixture) => {
      const outcome = await replay(type, fixture, whole);
      checkOutcome(fixture, outcome);
      expect(outcome.requests).toHaveLength(1);
      if (fixture.expected.stream) {
        expect(JSON.parse(outcome.requests[0]?.body ?? "")).toMatchObject({ stream: true });
      }
    },
  );

  it.each(fixtures.map((fixture) => [fixture.name, fixture] as const))(
    "reads %s split at every byte",
    async (_name, fixture) => {
      checkOutcome(fixture, await replay(type, fixture, byteByByte));
    },
  );

  it("A-15, A-17: cached is a part of input, reasoning of output, and nothing is negative", () => {
    const counts = fixtures.flatMap(({ expected }) =>
      expected.events.flatMap((event) => (event.type === "usage" ? [event.counts] : [])),
    );
    expect(counts.length).toBeGreaterThan(0);
    const hasParts = ({ inputTokens: input, outputTokens: output, ...parts }: TokenCounts) =>
      (input === undefined ||
        (parts.cacheReadTokens ?? 0) + (parts.cacheWriteTokens ?? 0) <= input) &&
      (output === undefined || (parts.reasoningTokens ?? 0) <= output) &&
      (parts.cacheWriteLongTokens ?? 0) <= (parts.cacheWriteTokens ?? 0);
    expect(counts.filter((each) => !hasParts(each))).toEqual([]);
  });

  it("A-19: reports the same usage in both modes", () => {
    const lastUsage = (fixture: WireFixture | undefined): unknown =>
      fixture?.expected.events.findLast(({ type: kind }) => kind === "usage");
    const streams = fixtures.filter(({ expected }) =>
      COUNTS_ITSELF.includes(type)
        ? expected.golden !== undefined
        : expected.stream && expected.error === undefined,
    );
    expect(streams.length).toBeGreaterThanOrEqual(COUNTS_ITSELF.includes(type) ? 8 : 1);
    for (const fixture of streams) {
      const whole = fixture.name.replace("-stream.", "-unary.");
      const unary = fixtures.find(({ name }) => name === whole);
      // What only streams have stands alone.
      if (unary === undefined && fixture.expected.golden === undefined) continue;
      expect(lastUsage(fixture), whole).toEqual(lastUsage(unary));
    }
  });

  it.each(Object.keys(types[type]?.dialects ?? {}))(
    "A-18: sends the same bytes for the same request on %s",
    async (dialect) => {
      await using upstream = await startHttpUpstream(({ response }) => {
        response.writeHead(500).end();
      });
      const provider = await createProvider(type, upstream);
      const request = (): ProviderRequest =>
        testRequest({
          model: modelOf(type, dialect),
          options: { zebra: 1, alpha: { b: [1, { d: 1, c: 2 }], a: null } },
          spec: testSpec({
            messages: [
              {
                role: "system",
                parts: [{ type: "text", text: "Be brief.", cacheHint: { ttl: "" } }],
              },
              { role: "user", parts: [{ type: "text", text: "Grüße 👋" }] },
            ],
          }),
        });
      const swapped = request();
      const { zebra = null, alpha = null } = swapped.options;
      for (const each of [request(), { ...swapped, options: { alpha, zebra } }]) {
        await collectEvents(provider.generate(each, new AbortController().signal));
      }
      await provider.close();
      expect(upstream.seen).toHaveLength(2);
      expect(upstream.seen[1]?.body).toBe(upstream.seen[0]?.body);
    },
  );

  it.each([
    ["before the headers", undefined],
    ["inside the body", "text/event-stream"],
  ])("A-1: an abort %s reaches the socket within 100 ms", async (_name, contentType) => {
    const calls: { arrive: () => void; close: () => void }[] = [];
    await using upstream = await startHttpUpstream(({ response }) => {
      const call = calls.at(-1);
      response.on("close", () => call?.close());
      if (contentType !== undefined) {
        response.writeHead(200, { "content-type": contentType });
        response.write(": hello\n\n");
      }
      call?.arrive();
    });
    const provider = await createProvider(type, upstream);
    const [dialect = ""] = Object.keys(types[type]?.dialects ?? {});
    const request = testRequest({ model: modelOf(type, dialect), stream: true });
    await expectOneWithin(100, async () => {
      const arrived = Promise.withResolvers<void>();
      const closed = Promise.withResolvers<void>();
      calls.push({ arrive: arrived.resolve, close: closed.resolve });
      const controller = new AbortController();
      const reason = new GatewayError("cancelled", "test");
      const outcome = collectEvents(provider.generate(request, controller.signal));
      await arrived.promise;
      await delay(20);
      const abortedAt = performance.now();
      controller.abort(reason);
      expect((await outcome).error).toBe(reason);
      await closed.promise;
      return performance.now() - abortedAt;
    });
    await provider.close();
  });
});
