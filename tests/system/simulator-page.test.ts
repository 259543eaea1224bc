import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  GenerateRequestSchema,
  GenerationService,
  StreamGenerateRequestSchema,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import type { JsonObject } from "../../src/domain/json.ts";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/simulator.md"), "utf8");
const examples = [...PAGE.matchAll(/^```json\n([\s\S]*?)^```/gm)].map(
  ([, text = ""]) => JSON.parse(text) as JsonObject,
);
const models = /^```yaml\n([\s\S]*?)^```/m.exec(PAGE)?.[1] ?? "";

let service: ServiceProcess;
let client: GrpcClient;

beforeAll(async () => {
  service = await startService({
    config: `faults: {allow: true} # because: the page's examples fail on purpose\n${models}`,
  });
  client = createGrpcClient(service.grpc);
});

afterAll(async () => {
  client.close();
  await service.stop();
});

async function streamed(example: JsonObject) {
  let standing = "";
  let attempts = 0;
  let call = "";
  for await (const { event } of client.stream(
    GenerationService.method.streamGenerate,
    fromJson(StreamGenerateRequestSchema, example),
  )) {
    if (event.case === "attemptNotice" && event.value.discardOutput) standing = "";
    if (event.case === "textDelta") standing += event.value.text;
    if (event.case === "toolCallDelta") call += event.value.argumentsFragment;
    if (event.case === "complete") attempts = event.value.generation?.attempts.length ?? 0;
  }
  return { text: standing, call, attempts };
}

it.each(examples.map((example, index) => [index, example] as const))(
  "example %d of the page is what it is said to be",
  async (_, example) => {
    const text = JSON.stringify(example);
    const result = await streamed(example);
    expect(result.attempts).toBe(text.includes("faults") ? 2 : 1);
    if (text.includes("toolChoice")) expect(JSON.parse(result.call)).toEqual({ city: "" });
    if (!text.includes("cut_after_bytes")) {
      const spec = { spec: example["spec"] ?? null };
      const { generation } = await client.unary(
        GenerationService.method.generate,
        fromJson(GenerateRequestSchema, spec),
      );
      expect(generation?.attempts).toHaveLength(result.attempts);
      if (result.call === "") expect(generation?.outputText).toBe(result.text);
      if (text.includes('"outputFormat"')) expect(generation?.outputText).toBe('{"age":18}');
    }
  },
);

it("has as many examples as the page promises kinds", () => {
  expect(examples).toHaveLength(6);
});

it("counts a cost by the page's price", async () => {
  const spec = { spec: { model: "priced", prompt: "Hello" } };
  const { generation } = await client.unary(
    GenerationService.method.generate,
    fromJson(GenerateRequestSchema, spec),
  );
  const { usage, cost } = generation ?? {};
  const picos = (usage?.inputTokens ?? 0) * 1_000_000 + (usage?.outputTokens ?? 0) * 4_000_000;
  expect(cost?.totalPicos).toBe(BigInt(picos));
  expect(picos).toBeGreaterThan(0);
});
