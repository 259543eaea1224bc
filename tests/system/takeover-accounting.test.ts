import { expect, it } from "vitest";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy } from "../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import { startRedis } from "../support/redis.ts";
import { startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";
import { createUsageLines, type UsageLine } from "../support/usage-records.ts";

const { streamGenerate } = GenerationService.method;
const PRICES = JSON.stringify({ simulator: { input: 1, output: 1 } });

it.each([
  ["goes on with", MidStreamRecovery.RESTART, ["failed", "succeeded"]],
  ["ends", MidStreamRecovery.FAIL, ["failed"]],
])(
  "A-10: a replica that %s a lost one's stream writes one record of each attempt and of the call",
  async (_name, midStreamRecovery, outcomes) => {
    await using redis = await startRedis();
    using lines = createUsageLines();
    const replica = () =>
      startService({
        env: {
          STEER_STREAM_STORE: redis.url,
          STEER_ACCOUNTING_USAGE_FILE: lines.path,
          STEER_PRICING_OVERRIDES_JSON: PRICES,
        },
      });
    const [lost, other] = await Promise.all([replica(), replica()]);
    const client = createGrpcClient(lost.grpc);
    let generationId = "";
    try {
      const simulator = { tokens: 300, pace_ms: 10 } as never;
      const spec = {
        model: "simulator",
        prompt: "Hi",
        routing: { midStreamRecovery },
        providerOptions: { simulator },
      };
      const request = { spec, options: { onDisconnect: DisconnectPolicy.CONTINUE } };
      let deltas = 0;
      try {
        for await (const { event } of client.stream(streamGenerate, request)) {
          if (event.case === "start") ({ generationId } = event.value);
          if (event.case === "textDelta" && ++deltas === 20) lost.signal("SIGKILL");
        }
      } catch {
        // The connection is lost.
      }
      const own = () => lines.all().filter((line) => line["generation_id"] === generationId);
      await eventually(() => own().some(({ type }) => type === "call"));
      const attempts = own().filter(({ type }) => type === "attempt");
      expect(attempts.map(({ outcome }) => outcome)).toEqual(outcomes);
      // What the lost replica had used is estimated by the request and what it had stored.
      expect(attempts[0]).toMatchObject({
        attempt: 1,
        error: "owner-lost",
        usage_source: "estimated",
        estimator: "script-v1",
      });
      expect(Number(attempts[0]?.["output_tokens"])).toBeGreaterThan(19);
      const calls = own().filter(({ type }) => type === "call");
      expect(calls).toMatchObject([{ attempts: outcomes.length, caller: "local" }]);
      for (const field of ["input_tokens", "output_tokens", "cost_picos"]) {
        const sum = attempts.reduce((total, line) => total + Number(line[field]), 0);
        expect(sum).toBeGreaterThan(0);
        expect(calls[0]?.[field]).toBe(sum);
      }
      // No call of this replica has begun it: field:S26.
      const line = () => other.log.find(({ event }) => event === "generation");
      await eventually(() => line() !== undefined);
      expect(line()).toMatchObject({
        generation_id: generationId,
        stream_id: expect.stringMatching(/^s\./),
        caller: "local",
        requested_model: "simulator",
        attempts: outcomes.length,
        outcome: outcomes.at(-1),
        cost_picos: calls[0]?.["cost_picos"],
        ...(outcomes.length === 1 && { error: "owner-lost", reason: "OWNER_LOST" }),
      });
    } finally {
      client.close();
      await lost.stop();
      await other.stop();
    }
  },
  120_000,
);

it("a replica that wakes up after another one has taken its stream over leaves the call's record to that one", async () => {
  await using redis = await startRedis();
  using lines = createUsageLines();
  const config = `
providers: [{id: simulator, type: simulator}]
accounting: {usage_file: "${lines.path}"}
stream:
  store: "${redis.url}"
  session_ttl: 2s # because: the test waits for the end of the session
`;
  const [owner, other] = await Promise.all([startService({ config }), startService({ config })]);
  const client = createGrpcClient(owner.grpc);
  try {
    const simulator = { tokens: 200, pace_ms: 20 } as never;
    const spec = {
      model: "simulator",
      prompt: "Hi",
      routing: { midStreamRecovery: MidStreamRecovery.RESTART },
      providerOptions: { simulator },
    };
    const request = { spec, options: { onDisconnect: DisconnectPolicy.CONTINUE } };
    const isCall = ({ type }: UsageLine) => type === "call";
    const read = (async () => {
      let deltas = 0;
      for await (const { event } of client.stream(streamGenerate, request)) {
        if (event.case === "textDelta" && ++deltas === 5) owner.signal("SIGSTOP");
      }
    })().catch(() => {});
    await eventually(() => other.log.some(({ event }) => event === "takeover"));
    owner.signal("SIGCONT");
    await read;
    // What the old owner knows of its attempt it writes when it knows that it has lost the stream.
    await eventually(() => lines.all().filter(({ error }) => error === "owner-lost").length === 2);
    await eventually(() => lines.all().some(isCall));
    owner.signal("SIGTERM");
    await owner.exited;
    expect(lines.all().filter(isCall)).toMatchObject([{ outcome: "succeeded", attempts: 2 }]);
  } finally {
    client.close();
    await owner.stop();
    await other.stop();
  }
}, 120_000);
