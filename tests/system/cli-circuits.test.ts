import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import { ONE_ATTEMPT } from "../support/reset-circuits.ts";
import { runSteer } from "../support/run-steer.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

let service: ServiceProcess;

/** Scripted faults, and a circuit that opens by five failures at once and stays open for the test. */
const CONFIG = `
faults: {allow: true} # because: the simulator shall fail
health: {panic: false, ejection: 600s, min_span: 1ms} # because: a circuit opens at once and stays open
`;

beforeAll(async () => {
  service = await startService({ config: CONFIG });
});

afterAll(async () => {
  await service.stop();
});

const steer = (...args: readonly string[]) =>
  runSteer(args, { env: { STEER_ADDRESS: service.grpc } });

async function openCircuit(): Promise<void> {
  const client = createGrpcClient(service.grpc);
  const simulator = { faults: [{ attempt: 1, status: 503 }] };
  const spec = {
    model: "simulator",
    prompt: "x",
    retry: ONE_ATTEMPT,
    providerOptions: { simulator },
  };
  for (let call = 0; call < 6; call++) {
    await client.unary(GenerationService.method.generate, { spec }).catch(() => {});
  }
  client.close();
}

/** The lines of the first calls of an operator, when that many are written. */
async function audits(count: number): Promise<readonly Record<string, unknown>[]> {
  const lines = () => service.log.filter(({ event }) => event === "audit");
  await eventually(() => lines().length >= count);
  return lines();
}

describe("steer circuits reset", () => {
  it("closes the circuit of a provider, and says what it was", async () => {
    await openCircuit();
    expect((await steer("status")).stdout).toMatch(
      /^simulator\tno\t.*\tthe circuits of its models are open\tthe provider answered with HTTP 503/m,
    );
    expect(await steer("circuits", "reset", "simulator")).toEqual({
      code: 0,
      stdout: "closed; it was open\n",
      stderr: "",
    });
    expect((await steer("status")).stdout).toMatch(/^simulator\tyes\t/m);
    expect(await steer("generate", "x")).toMatchObject({ code: 0 });
    expect((await steer("status")).stdout).not.toContain("HTTP 503");
    const again = await steer("circuits", "reset", "simulator", "--model", "simulator", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ previousState: "CIRCUIT_STATE_CLOSED" });
    expect(await audits(2)).toMatchObject([
      { target: { provider: "simulator", scope: "cluster" }, result: { previous_circuit: "open" } },
      { target: { provider: "simulator", model: "simulator" } },
    ]);
  });

  it("is for one replica where that is asked for", async () => {
    const before = (await audits(0)).length;
    expect((await steer("circuits", "reset", "simulator", "--this-replica")).code).toBe(0);
    const [line] = (await audits(before + 1)).slice(before);
    expect(line).toMatchObject({ target: { scope: "replica" } });
  });

  it("knows no provider that is not there", async () => {
    const { code, stderr } = await steer("circuits", "reset", "simulater");
    expect(code).toBe(15);
    expect(stderr).toContain("did you mean simulator");
  });

  it.each([
    [[], "one of reset"],
    [["rest"], 'no "rest": one of reset'],
    [["reset"], "PROVIDER is missing"],
    [["reset", "a", "b"], "one PROVIDER at a time"],
  ])("%j is a mistake", async (args, message) => {
    const { code, stderr } = await steer("circuits", ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain("usage: steer circuits");
  });
});
