import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createUsageMeter } from "../../../src/usage/usage-meter.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";
import { testCounter } from "../../support/token-counter.ts";

const SOURCE = join(import.meta.dirname, "../../../src");
const output = { role: "assistant", parts: [{ type: "text", text: "Some words." }] } as const;

it("a provider that reports starts no thread and has nothing counted; one that does not, does", async () => {
  let threads = 0;
  const count = (): void => void threads++;
  process.on("worker", count);
  const counter = testCounter(createManualClock());
  const model = testModel({ providerModel: "gpt-4o" });

  const reported = createUsageMeter(counter, model, testSpec());
  reported.report({ inputTokens: 9, outputTokens: 3 });
  expect(reported.usage(output).source).toBe("provider");
  expect(reported.settle(output)).toBeUndefined();
  expect([threads, counter.estimators]).toEqual([0, []]);

  const silent = createUsageMeter(counter, model, testSpec());
  expect(silent.usage(output).estimator).toBe("script-v1");
  expect(await silent.settle(output)).toEqual({
    inputTokens: 7,
    outputTokens: 3,
    source: "estimated",
    estimator: "o200k_base",
    confidence: 0.95,
  });
  expect(threads).toBe(1);
  process.off("worker", count);
  await counter.close();
});

it("nothing but the thread loads the vocabulary", () => {
  const loading = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter(
    (file) =>
      file.endsWith(".ts") && readFileSync(join(SOURCE, file), "utf8").includes('"tiktoken/'),
  );
  const starting = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter(
    (file) =>
      file.endsWith(".ts") &&
      /^import (?!type).*tokenizer-worker/m.test(readFileSync(join(SOURCE, file), "utf8")),
  );
  expect(loading.map((file) => file.replaceAll("\\", "/"))).toEqual(["usage/tokenizer-worker.ts"]);
  expect(starting).toEqual([]);
});
