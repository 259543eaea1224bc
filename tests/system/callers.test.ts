import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http2 from "node:http2";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { ModelService } from "../../gen/es/steer/v1/model_service_pb.js";
import { createGrpcClient, type GrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { generate } = GenerationService.method;
const admin = AdminService.method;
const { getProviderStatus, resetCircuit, getRetryMetrics } = admin;
const CALLER_KEY = "steer_caller-key-for-tests";
const OPERATOR_KEY = "steer_operator-key-for-tests";
const PROMPT = "a prompt that stays private";

const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");
const bearer = (key: string) => ({ metadata: { authorization: `Bearer ${key}` } });
const spec = { model: "simulator", prompt: PROMPT };

let service: ServiceProcess;
let client: GrpcClient;

beforeAll(async () => {
  service = await startService({
    config: `
callers:
  - {id: billing, role: caller, key_sha256: ${sha256(CALLER_KEY)}}
  - {id: ops, role: operator, key_sha256: ${sha256(OPERATOR_KEY)}}
`,
  });
  client = createGrpcClient(service.grpc);
});

afterAll(async () => {
  client.close();
  await service.stop();
});

async function failure(
  call: Promise<unknown>,
): Promise<{ code: number; reason: string | undefined }> {
  try {
    await call;
  } catch (error) {
    return { code: (error as { code: number }).code, reason: gatewayErrorOf(error)?.reason };
  }
  throw new Error("the call succeeded");
}

describe("callers", () => {
  it("are known by their keys", async () => {
    await client.unary(generate, { spec }, bearer(CALLER_KEY));
    await service.logged({ event: "call", code: "OK", caller: "billing" });
    const { providers } = await client.unary(getProviderStatus, {}, bearer(OPERATOR_KEY));
    expect(Object.keys(providers)).toContain("simulator");
  });

  it.each([
    ["no key", {}, "CREDENTIALS_MISSING"],
    ["a wrong key", bearer("steer_wrong"), "CREDENTIALS_INVALID"],
    [
      "a key in another scheme",
      { metadata: { authorization: `Basic ${CALLER_KEY}` } },
      "CREDENTIALS_INVALID",
    ],
    ["the hash instead of the key", bearer(sha256(CALLER_KEY)), "CREDENTIALS_INVALID"],
  ])("are refused with %s", async (_name, options, reason) => {
    expect(await failure(client.unary(generate, { spec }, options))).toEqual({ code: 16, reason });
  });

  it("need the role operator for the admin service", async () => {
    const calls = (key: string) => [
      client.unary(getProviderStatus, {}, bearer(key)),
      client.unary(resetCircuit, { provider: "simulator" }, bearer(key)),
      client.unary(getRetryMetrics, {}, bearer(key)),
      client.unary(admin.listStreamStates, {}, bearer(key)),
      client.unary(admin.getStreamState, { streamId: "s.1" }, bearer(key)),
      client.unary(admin.cancelStream, { streamId: "s.1" }, bearer(key)),
      client.unary(admin.cleanupStreamStates, { olderThan: {} }, bearer(key)),
    ];
    for (const refused of await Promise.all(calls(CALLER_KEY).map(failure))) {
      expect(refused).toEqual({ code: 7, reason: "ROLE_REQUIRED" });
    }
    for (const answer of await Promise.allSettled(calls(OPERATOR_KEY))) {
      // There is no such stream, which only the operator is told.
      if (answer.status === "rejected") expect(answer.reason).toMatchObject({ code: 5 });
    }
  });

  it.each([
    ["breaks the rules", JSON.stringify({ spec: { model: "" } })],
    ["is no JSON", "{"],
  ])("are asked before anything is decoded over HTTP: a request that %s", async (_name, body) => {
    const response = await fetch(`${service.http}/${GenerationService.typeName}/Generate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect([response.status, await response.json()]).toMatchObject([
      401,
      { code: "unauthenticated" },
    ]);
    await service.logged({ code: "UNAUTHENTICATED", system: "connectrpc" });
  });

  it("are asked before anything is decoded over gRPC", async () => {
    const raw = { ...generate, input: ModelService.method.getModel.input } as never;
    expect(await failure(client.unary(raw, { model: "x" } as never))).toMatchObject({ code: 16 });
  });

  it("leave no key on standard error that a header cannot hold", async () => {
    const session = http2.connect(`http://${service.grpc}`);
    const status = await new Promise<unknown>((resolve, reject) => {
      const stream = session.request({
        ":method": "POST",
        ":path": `/${GenerationService.typeName}/Generate`,
        "content-type": "application/grpc",
        authorization: `Bearer ${CALLER_KEY}é`,
        te: "trailers",
      });
      stream.on("response", (headers) => resolve(headers["grpc-status"]));
      stream.on("error", reject);
      stream.end(Buffer.alloc(5));
    });
    session.close();
    expect(status).toBe("16");
    expect(service.errors()).not.toContain(CALLER_KEY);
  });

  it("leave neither keys nor prompts in the log", async () => {
    await client
      .unary(generate, { spec: { ...spec, model: "no-such-model" } }, bearer(CALLER_KEY))
      .catch(() => {});
    const everything = JSON.stringify(service.log) + service.errors();
    expect(service.log.length).toBeGreaterThan(3);
    for (const secret of [CALLER_KEY, OPERATOR_KEY, "steer_wrong", PROMPT]) {
      expect(everything).not.toContain(secret);
    }
  });
});

describe("without callers", () => {
  it("everybody on this machine is an operator", async () => {
    const open = await startService();
    const local = createGrpcClient(open.grpc);
    await local.unary(getProviderStatus, {});
    await open.logged({ caller: "local", code: "OK" });
    local.close();
    await open.stop();
  });

  it("the service does not start where others could reach it, and says what to do", async () => {
    await expect(startService({ env: { STEER_GRPC_ADDRESS: "0.0.0.0:0" } })).rejects.toThrow(
      /STEER_ALLOW_UNAUTHENTICATED=true/,
    );
  });

  it("it starts there when told to, warns, and takes who comes from elsewhere for anonymous", async () => {
    const open = await startService({
      env: { STEER_GRPC_ADDRESS: "0.0.0.0:0", STEER_ALLOW_UNAUTHENTICATED: "true" },
    });
    await eventually(() => open.log.some(({ event }) => event === "warning"));
    const outer = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ internal, family }) => !internal && family === "IPv4");
    // A machine without a network has no elsewhere.
    if (outer !== undefined) {
      const remote = createGrpcClient(`${outer.address}:${open.grpc.split(":").at(-1)}`);
      await remote.unary(generate, { spec });
      await open.logged({ caller: "anonymous", code: "OK" });
      expect(await failure(remote.unary(getProviderStatus, {}))).toMatchObject({ code: 7 });
      remote.close();
    }
    await open.stop();
  });
});

describe("a reload", () => {
  it("takes new callers without dropping a call, and keeps the old ones when the file is broken", async () => {
    const folder = mkdtempSync(join(tmpdir(), "steer-reload-"));
    const file = join(folder, "steer.yaml");
    const callers = (key: string): string =>
      `callers:\n  - {id: a, role: caller, key_sha256: ${sha256(key)}}\n`;
    writeFileSync(file, callers(CALLER_KEY));
    const own = await startService({ env: { STEER_CONFIG: file } });
    const reader = createGrpcClient(own.grpc);
    const running = reader.stream(
      GenerationService.method.streamGenerate,
      { spec: { ...spec, providerOptions: { simulator: { tokens: 40, pace_ms: 20 } } } },
      bearer(CALLER_KEY),
    );
    await running.headers;
    const reloaded = async (event: string): Promise<void> => {
      own.signal("SIGHUP");
      await eventually(() => own.log.some((line) => line["event"] === event));
    };
    writeFileSync(file, "callers:\n  - {id: a, rolle: caller}\n");
    await reloaded("reload failed");
    const failed = own.log.find(({ event }) => event === "reload failed");
    expect(JSON.stringify(failed)).toMatch(/steer\.yaml:2: .*rolle.*role/);
    await reader.unary(generate, { spec }, bearer(CALLER_KEY));
    writeFileSync(file, callers(OPERATOR_KEY));
    await reloaded("reloaded");
    await reader.unary(generate, { spec }, bearer(OPERATOR_KEY));
    expect(await failure(reader.unary(generate, { spec }, bearer(CALLER_KEY)))).toMatchObject({
      code: 16,
    });
    let last: string | undefined;
    for await (const { event } of running) last = event.case;
    expect(last).toBe("complete");
    reader.close();
    await own.stop();
    rmSync(folder, { recursive: true });
  });
});
