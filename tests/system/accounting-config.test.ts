import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { ModelService } from "../../gen/es/steer/v1/model_service_pb.js";
import { because } from "../support/explained-settings.ts";
import { eventually, type Stack } from "../support/stack.ts";
import { ask, CALM, requestsOf, script, startTargets, through } from "../support/targets.ts";

const { streamGenerate } = GenerationService.method;

let stack: Stack;
let folder: string;
let prices: string;

function setPrices(overrides: object): void {
  writeFileSync(prices, JSON.stringify(overrides));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "steer-prices-"));
  prices = join(folder, "prices.json");
  setPrices({ "m-a": { input: 1, output: 1 }, "m-none": { input: 1, output: 1 } });
  const accounting = because("the setting is what is tested", {
    abort: { mode: "drain", max_time: "20s" },
  });
  const config = { ...CALM, accounting };
  stack = await startTargets(config, { STEER_PRICING_OVERRIDES_FILE: prices });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function events(name: string) {
  return stack.service.log.filter(({ event }) => event === name);
}

async function cost() {
  const { generation } = await ask(stack.client, "unary", through({ a: script({ text: "one" }) }));
  return generation?.cost;
}

it("prices are read again by SIGHUP, and a mistake in them leaves those in force", async () => {
  await eventually(() => events("warning").length > 0);
  expect(events("warning")).toMatchObject([
    { message: `${prices}: m-none: no model has this name` },
  ]);
  // 12 tokens in and 1 out.
  const before = await cost();
  expect(before?.totalPicos).toBe(13_000_000n);

  setPrices({ "m-a": { input: 2, output: 1 } });
  stack.service.signal("SIGHUP");
  await eventually(() => events("reloaded").length === 1);
  const after = await cost();
  expect(after?.totalPicos).toBe(25_000_000n);
  expect(after?.priceTableVersion).not.toBe(before?.priceTableVersion);
  const { model } = await stack.client.unary(ModelService.method.getModel, { model: "m-a" });
  expect(model?.pricing?.priceTableVersion).toBe(after?.priceTableVersion);

  setPrices({ "m-a": { input: -2, output: 1 } });
  stack.service.signal("SIGHUP");
  await eventually(() => events("reload failed").length === 1);
  expect(events("reload failed")[0]?.["message"]).toBe(
    `${prices}:1: m-a.input: must be a number that is not negative`,
  );
  expect(await cost()).toEqual(after);

  setPrices({ "m-b": { cache_read: 1 } });
  stack.service.signal("SIGHUP");
  await eventually(() => events("reload failed").length === 2);
  expect(events("reload failed")[1]?.["message"]).toContain("m-b: b/m-b has no listed price");
  expect(await cost()).toEqual(after);
});

it("A-14: a call is read on by configuration, for a reader that has left as well", async () => {
  const spec = through({ a: script({ tokens: 30, pace_ms: 10 }) });
  const call = stack.client.stream(streamGenerate, { spec, options: { ephemeral: true } });
  try {
    for await (const { event } of call) if (event.case === "textDelta") call.cancel();
  } catch {
    // Cancelled.
  }
  await eventually(() => requestsOf(stack, "a").at(-1)?.sent === 30);
  expect(requestsOf(stack, "a").at(-1)?.closedAt).toBeUndefined();
});

it("A-14: a request that says CLOSE is closed all the same", async () => {
  const spec = through({ a: script({ tokens: 300, pace_ms: 10 }) }, { abort: { mode: 1 } });
  const call = stack.client.stream(streamGenerate, { spec, options: { ephemeral: true } });
  try {
    for await (const { event } of call) if (event.case === "textDelta") call.cancel();
  } catch {
    // Cancelled.
  }
  await eventually(() => requestsOf(stack, "a").at(-1)?.closedAt !== undefined);
});

it("the log line of a call has its cost", async () => {
  const total = (await cost())?.totalPicos;
  await stack.service.logged({
    cost_picos: Number(total),
    currency: "USD",
    cost_source: "price-table",
  });
});
