import { create, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  AdminScope,
  GetProviderStatusRequestSchema,
  type GetProviderStatusResponse,
  GetProviderStatusResponseSchema,
  GetRetryMetricsRequestSchema,
  type GetRetryMetricsResponse,
  GetRetryMetricsResponseSchema,
  ResetCircuitRequestSchema,
  type ResetCircuitResponse,
  ResetCircuitResponseSchema,
} from "../../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type {
  CircuitStatus,
  Operations,
  ProviderStatus,
  RetryStatus,
} from "../../../src/domain/operations.ts";
import { createAdminService } from "../../../src/rpc/admin-service.ts";

const CIRCUIT: CircuitStatus = {
  state: "closed",
  consecutiveFailures: 0,
  windowRequests: 0,
  windowFailures: 0,
  stateTimeMs: 1_000,
  nextProbeTimeMs: undefined,
};
const provider = (id: string, circuits: Pick<ProviderStatus, "circuit" | "modelCircuits">) => ({
  id,
  unavailable: undefined,
  inFlight: 0,
  totalRequests: 0,
  totalFailures: 0,
  lastSuccessMs: undefined,
  lastFailureMs: undefined,
  lastErrorKind: undefined,
  lastErrorMessage: undefined,
  concurrencyLimit: 0,
  queued: 0,
  cooldownEndMs: undefined,
  retryBudget: 0,
  ...circuits,
});
const retries = (requests: number): RetryStatus => ({
  requests,
  attempts: 0,
  retries: 0,
  failovers: 0,
  recovered: 0,
  exhausted: 0,
  delayMs: 0,
  hedges: 0,
  hedgeWins: 0,
  errors: new Map(),
  decisions: [],
});

/** Two providers: the circuit of `openai` is open, and that of its model `m` half-open. */
function setUp(changes: Partial<Operations> = {}) {
  const asked: unknown[][] = [];
  const lines: unknown[] = [];
  const fields: unknown[] = [];
  let circuits: Pick<ProviderStatus, "circuit" | "modelCircuits"> = {
    circuit: { ...CIRCUIT, state: "open" },
    modelCircuits: { m: { ...CIRCUIT, state: "half-open" } },
  };
  const operations: Operations = {
    async status(scope) {
      asked.push(["status", scope]);
      return {
        startTimeMs: 1_000,
        replicaCount: scope === "cluster" ? 2 : 1,
        providers: new Map([
          ["openai", provider("openai", circuits)],
          ["claude", provider("claude", { circuit: CIRCUIT, modelCircuits: {} })],
        ]),
        retries: new Map([
          ["openai", retries(2)],
          ["claude", retries(3)],
        ]),
      };
    },
    store: () => ({ type: "memory", trouble: undefined }),
    async resetCircuit(...given) {
      asked.push(["reset", ...given]);
      circuits = { circuit: CIRCUIT, modelCircuits: { m: CIRCUIT } };
    },
    hasModel: (name, model) => name === "openai" && model !== "unknown",
    ...changes,
  };
  const service = createAdminService({
    replica: "here",
    operations,
    streams: {} as never,
    audit: (line) => void lines.push(line),
  });
  const handlers = service.handlers as Record<string, (...given: unknown[]) => Promise<unknown>>;
  const call = { caller: { id: "root" }, log: (more: unknown) => void fields.push(more) };
  return {
    asked,
    lines,
    fields,
    ask: <Answer>(method: string, request: unknown) =>
      handlers[method]?.(request, call) as Promise<Answer>,
  };
}

const unknownProvider = {
  kind: "not-found",
  reason: "PROVIDER_NOT_FOUND",
  message: 'no provider "opena" is configured; did you mean openai?',
  metadata: {
    resource_type: "provider",
    resource_name: "opena",
    suggestions: "openai, claude",
  },
};

describe("the status of providers", () => {
  const status = async (request: object) => {
    const { ask, asked } = setUp();
    const message = create(GetProviderStatusRequestSchema, request);
    const answer = await ask<GetProviderStatusResponse>("getProviderStatus", message);
    return { asked, json: toJson(GetProviderStatusResponseSchema, answer) };
  };

  it("is that of all of them, at all replicas, unless the request says otherwise", async () => {
    const { asked, json } = await status({});
    expect(json).toMatchObject({
      replica: "here",
      replicaCount: 2,
      providers: {
        openai: { available: true, circuit: { state: "CIRCUIT_STATE_OPEN" } },
        claude: { available: true, circuit: { state: "CIRCUIT_STATE_CLOSED" } },
      },
      store: { type: "memory", available: true },
    });
    expect(asked).toEqual([["status", "cluster"]]);
  });

  it.each([
    [AdminScope.UNSPECIFIED, "cluster"],
    [AdminScope.CLUSTER, "cluster"],
    [AdminScope.REPLICA, "replica"],
  ])("has the scope that is asked for: %s is %s", async (scope, word) => {
    expect((await status({ scope })).asked).toEqual([["status", word]]);
  });

  it("is that of the providers that are named", async () => {
    const { json } = await status({ providers: ["claude"] });
    expect(Object.keys((json as { providers: object }).providers)).toEqual(["claude"]);
    await expect(status({ providers: ["claude", "opena"] })).rejects.toMatchObject(unknownProvider);
  });
});

describe("the counters of retries", () => {
  const metrics = async (request: object) => {
    const { ask } = setUp();
    const message = create(GetRetryMetricsRequestSchema, request);
    const answer = await ask<GetRetryMetricsResponse>("getRetryMetrics", message);
    return toJson(GetRetryMetricsResponseSchema, answer);
  };

  it("are those of each provider, and their sum", async () => {
    expect(await metrics({})).toMatchObject({
      replica: "here",
      replicaCount: 2,
      startTime: "1970-01-01T00:00:01Z",
      total: { requests: "5" },
      providers: { openai: { requests: "2" }, claude: { requests: "3" } },
    });
    expect(await metrics({ providers: ["openai"], scope: AdminScope.REPLICA })).toMatchObject({
      replicaCount: 1,
      total: { requests: "2" },
    });
    await expect(metrics({ providers: ["opena"] })).rejects.toMatchObject(unknownProvider);
  });
});

describe("the reset of a circuit", () => {
  const reset = async (request: object) => {
    const set = setUp();
    const message = create(ResetCircuitRequestSchema, request);
    const answer = await set
      .ask<ResetCircuitResponse>("resetCircuit", message)
      .then((response) => toJson(ResetCircuitResponseSchema, response))
      .catch((error: unknown) => error);
    return { ...set, answer };
  };

  it("of a provider tells what it was and what it is, and who has done it", async () => {
    const { answer, asked, lines, fields } = await reset({ provider: "openai" });
    expect(answer).toMatchObject({
      previousState: "CIRCUIT_STATE_OPEN",
      status: { circuit: { state: "CIRCUIT_STATE_CLOSED" } },
    });
    expect(asked).toEqual([
      ["status", "replica"],
      ["reset", "openai", undefined, "cluster"],
      ["status", "replica"],
    ]);
    expect(fields).toEqual([{ provider: "openai", previous_circuit: "open" }]);
    expect(lines).toEqual([
      {
        caller: "root",
        method: "ResetCircuit",
        target: { provider: "openai", scope: "cluster" },
        result: { previous_circuit: "open" },
      },
    ]);
  });

  it("of a model is about that model alone", async () => {
    const request = { provider: "openai", model: "m", scope: AdminScope.REPLICA };
    const { answer, asked, lines, fields } = await reset(request);
    expect(answer).toMatchObject({ previousState: "CIRCUIT_STATE_HALF_OPEN" });
    expect(asked[1]).toEqual(["reset", "openai", "m", "replica"]);
    expect(fields).toEqual([{ provider: "openai", model: "m", previous_circuit: "half-open" }]);
    expect(lines).toMatchObject([
      { target: { provider: "openai", model: "m", scope: "replica" }, result: {} },
    ]);
  });

  it("of a model without traffic finds it closed", async () => {
    for (const model of ["quiet", "constructor"]) {
      const { answer } = await reset({ provider: "openai", model });
      expect(answer).toMatchObject({ previousState: "CIRCUIT_STATE_CLOSED" });
    }
  });

  it("is refused where there is no such provider or model, and written down", async () => {
    const noProvider = await reset({ provider: "opena" });
    expect(noProvider.answer).toMatchObject(unknownProvider);
    const noModel = await reset({ provider: "openai", model: "unknown" });
    expect(noModel.answer).toBeInstanceOf(GatewayError);
    expect(noModel.answer).toMatchObject({
      kind: "not-found",
      reason: "MODEL_NOT_FOUND",
      message: 'no model "unknown" is offered by openai',
      metadata: { resource_type: "model", resource_name: "unknown" },
    });
    expect(noModel.answer).not.toHaveProperty("metadata.suggestions");
    for (const { asked, lines } of [noProvider, noModel]) {
      expect(asked.some(([what]) => what === "reset")).toBe(false);
      expect(lines).toMatchObject([{ method: "ResetCircuit", result: { error: "not-found" } }]);
    }
  });

  it("that fails by a defect is written down as internal", async () => {
    const defect = new TypeError("no such thing");
    const { lines, ask } = setUp({ resetCircuit: () => Promise.reject(defect) });
    const request = create(ResetCircuitRequestSchema, { provider: "openai" });
    await expect(ask("resetCircuit", request)).rejects.toBe(defect);
    expect(lines).toMatchObject([{ caller: "root", result: { error: "internal" } }]);
  });
});
