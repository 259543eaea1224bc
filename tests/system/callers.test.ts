import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.ts";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.ts";
import { createGrpcClient, type GrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { generate } = GenerationService.method;
const { getProviderStatus } = AdminService.method;
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
    expect(await failure(client.unary(getProviderStatus, {}, bearer(CALLER_KEY)))).toEqual({
      code: 7,
      reason: "ROLE_REQUIRED",
    });
  });

  it("are asked before anything is decoded, and over HTTP as well", async () => {
    const response = await fetch(`${service.http}/${GenerationService.typeName}/Generate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ spec: { model: "" } }),
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: "unauthenticated" });
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

  it("it starts there when told to, and warns", async () => {
    const open = await startService({
      env: { STEER_GRPC_ADDRESS: "0.0.0.0:0", STEER_ALLOW_UNAUTHENTICATED: "true" },
    });
    await eventually(() => open.log.some(({ event }) => event === "warning"));
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
    expect(JSON.stringify(own.log.at(-1))).toMatch(/steer\.yaml:2: .*rolle.*role/);
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
