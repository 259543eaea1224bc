import { expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { JsonStreamMode } from "../../gen/es/steer/v1/stream_pb.js";
import { INSPECTABLE, type Loaded, loadedIn } from "../support/inspected.ts";
import { startSink } from "../support/otlp-sink.ts";
import { ONE_ATTEMPT } from "../support/reset-circuits.ts";
import { eventually, startStack } from "../support/stack.ts";
import type { UpstreamScript } from "../support/upstream/script.ts";

const { generate, streamGenerate } = GenerationService.method;
const ESTIMATES = "steer.token.estimates";

/** The model has a published vocabulary: what is not reported would be counted by it. */
const configuration = (url: string): string => `
providers:
  - {id: chat, type: openai, base_url: "${url}/v1", api_key_env: UP_KEY}
models:
  - {id: gpt-4o, provider: chat, prices: {currency: USD, input: 2.5, output: 10, date: 2026-11-22}}
`;

const specOf = (script: UpstreamScript) => ({
  model: "gpt-4o",
  prompt: "Hi",
  retry: ONE_ATTEMPT,
  outputFormat: { format: { case: "jsonObject" as const, value: {} } },
  providerOptions: { chat: { simulator: script as never } },
});

function costly({ modules, threads }: Loaded) {
  return {
    handler: modules.filter((url) => /\/output\/json(-stream\.ts|\/)/.test(url)).length,
    tokenizer: [...modules, ...threads].filter((url) => /tiktoken|tokenizer-worker/.test(url))
      .length,
  };
}

it("without JSON mode, and with a provider that reports, neither handler nor tokenizer is loaded and nothing is counted", async () => {
  const sink = await startSink();
  await using stack = await startStack({ env: { ...sink.env, ...INSPECTABLE } }, configuration);
  const { client, service } = stack;
  const read = async (script: UpstreamScript, jsonMode?: JsonStreamMode): Promise<void> => {
    const options = jsonMode === undefined ? {} : { jsonMode };
    const request = { spec: specOf(script), options: { includeUsage: true, ...options } };
    for await (const _ of client.stream(streamGenerate, request));
  };

  const { generation } = await client.unary(generate, { spec: specOf({ text: "{}" }) });
  await read({ text: '{"a": 1}' });
  expect(generation?.cost?.totalPicos).toBeGreaterThan(0n);
  await eventually(() => sink.metrics.has("gen_ai.client.token.usage"));
  const plain = await loadedIn(service);
  expect(plain.modules.some((url) => url.endsWith("/src/usage/usage-meter.ts"))).toBe(true);
  expect(costly(plain)).toEqual({ handler: 0, tokenizer: 0 });

  // The same questions see both, once there is a use for them.
  await read({ text: '{"a": 1}' }, JsonStreamMode.VALUES);
  const withJson = costly(await loadedIn(service));
  expect(withJson.handler).toBeGreaterThan(1);
  expect(withJson.tokenizer).toBe(0);
  expect(sink.metrics.has(ESTIMATES)).toBe(false);
  const faults = [{ attempt: 1, error_at: 2 }];
  await expect(read({ text: "one two three", faults })).rejects.toThrow();
  expect(costly(await loadedIn(service)).tokenizer).toBe(1);
  await eventually(() => sink.metrics.has(ESTIMATES));
  sink.close();
});
