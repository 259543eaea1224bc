import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { CallerRole, CallerService, CallerSource } from "../../gen/es/steer/admin/v1/callers_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { ModelService } from "../../gen/es/steer/v1/model_service_pb.js";
import { createGrpcClient, type GrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { generate, countTokens } = GenerationService.method;
const { getProviderStatus } = AdminService.method;
const { listModels, getModel } = ModelService.method;
const calls = CallerService.method;

const bearer = (key: string) => ({ metadata: { authorization: `Bearer ${key}` } });
const spec = { model: "simulator", prompt: "a prompt" };

async function refusal(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    const { code, details } = error as { code: number; details: string };
    return { code, reason: gatewayErrorOf(error)?.reason, message: details };
  }
  throw new Error("the call succeeded");
}

const INVALID_ARGUMENT = 3;
const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;

describe("callers that are made at run time", () => {
  let service: ServiceProcess;
  let client: GrpcClient;

  beforeAll(async () => {
    service = await startService({});
    client = createGrpcClient(service.grpc);
  });

  afterAll(async () => {
    client.close();
    await service.stop();
  });

  const create = (id: string, role = CallerRole.CALLER, options = {}) =>
    client.unary(calls.createCaller, { caller: { id, role } }, options);
  const newKey = async (caller: string, options = {}) => {
    const { secret } = await client.unary(calls.createKey, { caller }, options);
    return secret;
  };

  it("begin with the operator of this machine, who is none any more when an operator has a key", async () => {
    const made = await create("ci");
    expect(made.caller).toMatchObject({ id: "ci", source: CallerSource.STORE });
    expect(made.warnings.join()).toContain("gone when the process ends");
    const key = await newKey("ci");
    expect(key).toMatch(/^sk-steer-[0-9A-Za-z]{43}$/);
    await client.unary(generate, { spec }, bearer(key));
    await service.logged({ event: "call", code: "OK", caller: "ci" });
    // A caller without the role does not close the service.
    await client.unary(getProviderStatus, {});
    expect(await refusal(client.unary(getProviderStatus, {}, bearer(key)))).toMatchObject({
      reason: "ROLE_REQUIRED",
    });

    await create("ops", CallerRole.OPERATOR);
    await client.unary(getProviderStatus, {});
    const first = await client.unary(calls.createKey, { caller: "ops" });
    expect(first.warnings.join()).toContain("from now on calls without a key are refused");
    const ops = bearer(first.secret);
    await client.unary(getProviderStatus, {}, ops);
    expect(await refusal(client.unary(getProviderStatus, {}))).toMatchObject({
      code: UNAUTHENTICATED,
      reason: "CREDENTIALS_MISSING",
    });

    // The key stands nowhere but in the answer.
    const lines = () =>
      service.log.filter(({ event, method }) => event === "audit" && method === "CreateKey");
    await eventually(() => lines().length === 2);
    expect(lines()).toMatchObject([
      { caller: "local", target: { caller: "ci" } },
      { caller: "local" },
    ]);
    expect(JSON.stringify(service.log)).not.toContain(first.secret);
    const { keys } = await client.unary(calls.listKeys, { caller: "ops" }, ops);
    expect(keys).toMatchObject([{ prefix: first.secret.slice(0, 17), caller: "ops" }]);

    for (const call of [
      client.unary(calls.deleteCaller, { id: "ops" }, ops),
      client.unary(calls.revokeKey, { prefix: first.secret.slice(0, 17) }, ops),
      client.unary(
        calls.updateCaller,
        { caller: { id: "ops", role: CallerRole.CALLER }, updateMask: { paths: ["role"] } },
        ops,
      ),
    ]) {
      expect(await refusal(call)).toMatchObject({
        code: FAILED_PRECONDITION,
        reason: "LAST_OPERATOR",
      });
    }

    // A second key takes the place of the first one without a failed call.
    const next = await newKey("ci", ops);
    await client.unary(calls.revokeKey, { prefix: key.slice(0, 17) }, ops);
    await client.unary(generate, { spec }, bearer(next));
    expect(await refusal(client.unary(generate, { spec }, bearer(key)))).toMatchObject({
      code: UNAUTHENTICATED,
      reason: "CREDENTIALS_INVALID",
    });
    expect(await refusal(client.unary(generate, { spec }, bearer(`"${next}"`)))).toMatchObject({
      message: expect.stringContaining("quotes"),
    });

    await client.unary(
      calls.updateCaller,
      {
        caller: { id: "ci", models: ["other-*"] },
        updateMask: { paths: ["models"] },
      },
      ops,
    );
    for (const call of [
      client.unary(generate, { spec }, bearer(next)),
      client.unary(countTokens, { spec }, bearer(next)),
      client.unary(getModel, { model: "simulator" }, bearer(next)),
    ]) {
      expect(await refusal(call)).toMatchObject({
        code: PERMISSION_DENIED,
        reason: "MODEL_NOT_ALLOWED",
        message: expect.stringContaining("the list models of caller ci"),
      });
    }
    expect((await client.unary(listModels, {}, bearer(next))).models).toEqual([]);

    for (const updateMask of [{ paths: [] }, { paths: ["id"] }, { paths: ["role"] }]) {
      const update = client.unary(calls.updateCaller, { caller: { id: "ci" }, updateMask }, ops);
      expect(await refusal(update)).toMatchObject({ code: INVALID_ARGUMENT });
    }

    await client.unary(calls.deleteCaller, { id: "ci" }, ops);
    expect(await refusal(client.unary(generate, { spec }, bearer(next)))).toMatchObject({
      reason: "CREDENTIALS_INVALID",
    });
    // Forced, the service is open again, and nobody is locked out.
    await client.unary(calls.deleteCaller, { id: "ops", force: true }, ops);
    await client.unary(getProviderStatus, {});
  });
});
