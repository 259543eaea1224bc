import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { toJson } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationSchema } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { ModelService } from "../../gen/es/steer/v1/model_service_pb.js";
import manifest from "../../package.json" with { type: "json" };
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const run = promisify(execFile);
const BUF = join(import.meta.dirname, "../../node_modules/.bin/buf");
const BROWSER = "https://app.example";

let service: ServiceProcess;
let client: GrpcClient;

beforeAll(async () => {
  service = await startService({ env: { STEER_HTTP_CORS_ORIGINS: `["${BROWSER}"]` } });
  client = createGrpcClient(service.grpc);
});

afterAll(async () => {
  client.close();
  await service.stop();
});

const spec = { model: "simulator", prompt: "Same for all", endUserId: "u1" };

/** What must not differ between protocols. */
function essence(generation: unknown): unknown {
  const { message, outputText, usage, finishReason, warnings } = generation as Record<
    string,
    unknown
  >;
  return { message, outputText, usage, finishReason, warnings };
}

async function viaTransport(transport: Transport) {
  const connect = createClient(GenerationService, transport);
  const { generation } = await connect.generate({ spec });
  let text = "";
  let last: unknown;
  for await (const { event } of connect.streamGenerate({ spec })) {
    if (event.case === "textDelta") text += event.value.text;
    if (event.case === "complete" && event.value.generation !== undefined) {
      last = toJson(GenerationSchema, event.value.generation);
    }
  }
  if (generation === undefined) throw new Error("no generation");
  return { unary: toJson(GenerationSchema, generation), text, last };
}

async function bufCurl(method: string, body: object): Promise<Record<string, unknown>[]> {
  const { stdout } = await run(BUF, [
    "curl",
    "--protocol",
    "grpc",
    "--http2-prior-knowledge",
    "-d",
    JSON.stringify(body),
    `http://${service.grpc}/${GenerationService.typeName}/${method}`,
  ]);
  return stdout
    .split(/\n(?=\{)/)
    .filter((part) => part.trim() !== "")
    .map((part) => JSON.parse(part) as Record<string, unknown>);
}

describe("one answer over every protocol", () => {
  it("is the same, unary and streamed", async () => {
    const transports: Record<string, Transport> = {
      "connect json": createConnectTransport({
        baseUrl: service.http,
        httpVersion: "1.1",
        useBinaryFormat: false,
      }),
      "connect binary": createConnectTransport({ baseUrl: service.http, httpVersion: "1.1" }),
      "grpc-web": createGrpcWebTransport({ baseUrl: service.http, httpVersion: "1.1" }),
      grpc: createGrpcTransport({ baseUrl: `http://${service.grpc}` }),
    };
    const answers = new Map<string, unknown>();
    const texts = new Map<string, string>();
    for (const [name, transport] of Object.entries(transports)) {
      const { unary, text, last } = await viaTransport(transport);
      answers.set(`${name} unary`, essence(unary));
      answers.set(`${name} stream`, essence(last));
      texts.set(name, text);
    }
    const grpcJs = await client.unary(GenerationService.method.generate, { spec });
    if (grpcJs.generation === undefined) throw new Error("no generation");
    answers.set("grpc-js", essence(toJson(GenerationSchema, grpcJs.generation)));
    const json = await fetch(`${service.http}/${GenerationService.typeName}/Generate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ spec }),
    });
    answers.set("curl", essence(((await json.json()) as { generation: unknown }).generation));
    const [byReflection] = await bufCurl("Generate", { spec });
    answers.set("buf curl", essence(byReflection?.["generation"]));
    const events = await bufCurl("StreamGenerate", { spec });
    texts.set(
      "buf curl",
      events
        .map((event) => (event["textDelta"] as { text?: string } | undefined)?.text ?? "")
        .join(""),
    );

    const [first] = answers.values();
    for (const [name, answer] of answers) expect(answer, name).toEqual(first);
    for (const [name, text] of texts) {
      expect(text, name).toBe((first as { outputText: string }).outputText);
    }
  });
});

describe("the HTTP listener", () => {
  it("serves all three services", async () => {
    const transport = createConnectTransport({ baseUrl: service.http, httpVersion: "1.1" });
    const { models } = await createClient(ModelService, transport).listModels({ pageSize: 500 });
    expect(models.map(({ id }) => id)).toContain("simulator");
    const { providers } = await createClient(AdminService, transport).getProviderStatus({});
    expect(providers["simulator"]?.available).toBe(true);
    expect(providers["openai"]?.message).toContain("OPENAI_API_KEY");
  });

  it("lets the configured origin in, and no other", async () => {
    const url = `${service.http}/${GenerationService.typeName}/Generate`;
    const preflight = (origin: string) =>
      fetch(url, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST" },
      });
    const allowed = await preflight(BROWSER);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe(BROWSER);
    expect(allowed.headers.get("access-control-allow-headers")?.toLowerCase()).toContain(
      "authorization",
    );
    const call = await fetch(url, {
      method: "POST",
      headers: { origin: BROWSER, "content-type": "application/json" },
      body: JSON.stringify({ spec }),
    });
    expect(call.headers.get("access-control-expose-headers")).toContain("x-steer-generation-id");
    const other = await preflight("https://elsewhere.example");
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("answers the probes", async () => {
    for (const path of ["/livez", "/readyz"]) {
      const response = await fetch(`${service.http}${path}`);
      expect([response.status, await response.json()]).toEqual([200, { status: "OK" }]);
    }
  });

  it("refuses a field that is not there", async () => {
    const response = await fetch(`${service.http}/${GenerationService.typeName}/Generate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ spec: { ...spec, sampling: { maxOutputTokenz: 3 } } }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("maxOutputTokenz") as string,
    });
  });

  it("keeps prompts out of addresses", async () => {
    const get = (service_: string, method: string, message: object) =>
      fetch(
        `${service.http}/${service_}/${method}?connect=v1&encoding=json&message=${encodeURIComponent(JSON.stringify(message))}`,
      );
    expect((await get(GenerationService.typeName, "CountTokens", { spec })).status).toBe(405);
    expect((await get(ModelService.typeName, "GetModel", { model: "simulator" })).status).toBe(200);
  });
});

describe("the gRPC listener", () => {
  it("lists its services by reflection, both versions", async () => {
    const { stdout } = await run(BUF, [
      "curl",
      "--protocol",
      "grpc",
      "--http2-prior-knowledge",
      "--list-services",
      `http://${service.grpc}`,
    ]);
    expect(stdout.trim().split("\n").sort()).toEqual([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "steer.admin.v1.ActivityService",
      "steer.admin.v1.AdminService",
      "steer.admin.v1.CallerService",
      "steer.admin.v1.UsageService",
      "steer.v1.GenerationService",
      "steer.v1.ModelService",
    ]);
    const { stdout: v1alpha } = await run(BUF, [
      "curl",
      "--protocol",
      "grpc",
      "--http2-prior-knowledge",
      "--reflect-protocol",
      "grpc-v1alpha",
      "-d",
      '{"model":"simulator"}',
      `http://${service.grpc}/${ModelService.typeName}/GetModel`,
    ]);
    expect(JSON.parse(v1alpha)).toMatchObject({ model: { id: "simulator" } });
  });

  it("takes headers back: the generation, the replica, the caller's request id", async () => {
    const call = client.stream(
      GenerationService.method.streamGenerate,
      { spec },
      { metadata: { "x-request-id": "corr-1" } },
    );
    const headers = await call.headers;
    expect(headers.get("x-request-id")).toEqual(["corr-1"]);
    expect(headers.get("x-steer-generation-id")[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(headers.get("x-steer-replica")[0]).toMatch(/^[0-9a-f]{8}$/);
    expect(headers.get("x-steer-version")).toEqual([manifest.version]);
    call.cancel();
  });

  it("survives what it refuses: too large, too late, unknown, not a message", async () => {
    const { generate } = GenerationService.method;
    const tooLarge = client.unary(generate, {
      spec: { model: "simulator", prompt: "x".repeat(33 * 1024 * 1024) },
    });
    await expect(tooLarge).rejects.toMatchObject({ code: 8 });
    await expect(client.unary(generate, { spec }, { timeoutMs: 0 })).rejects.toMatchObject({
      code: 4,
    });
    const unknown = { ...generate, name: "Nothing" } as typeof generate;
    await expect(client.unary(unknown, { spec })).rejects.toMatchObject({ code: 12 });
    const { generation } = await client.unary(generate, { spec });
    expect(generation?.outputText).not.toBe("");
  });

  it("takes a deadline of months", async () => {
    const months = 90 * 86_400_000;
    const { generation } = await client.unary(
      GenerationService.method.generate,
      { spec },
      { timeoutMs: months },
    );
    expect(generation?.outputText).not.toBe("");
  });
});

describe("a taken port", () => {
  it.each(["STEER_GRPC_ADDRESS", "STEER_HTTP_ADDRESS"])(
    "stops the start and is named (%s)",
    async (variable) => {
      const squatter = createServer();
      await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
      const address = squatter.address();
      const port = typeof address === "object" ? address?.port : 0;
      await expect(startService({ env: { [variable]: `127.0.0.1:${port}` } })).rejects.toThrow(
        new RegExp(`ended with 1.*127\\.0\\.0\\.1:${port}.*taken`, "s"),
      );
      squatter.close();
    },
  );
});
