// Keys over three replicas with a real Redis.
import { expect, it } from "vitest";
import { CallerRole, CallerService } from "../../gen/es/steer/admin/v1/callers_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient, type GrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { startRedis } from "../support/redis.ts";
import { startReplicas } from "../support/replica-set.ts";
import { eventually } from "../support/stack.ts";

const { generate, streamGenerate } = GenerationService.method;
const { createCaller, createKey, revokeKey, deleteCaller } = CallerService.method;
const bearer = (key: string) => ({ metadata: { authorization: `Bearer ${key}` } });

/** Pause between two calls: fifty a second. */
const PAUSE_MS = 20;
const REVOKED_WITHIN_MS = 1_000;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function reasonOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "OK",
    (error: unknown) => gatewayErrorOf(error)?.reason ?? String(error),
  );
}

it("a revoked key ends at every replica within a second, and no call of anybody else fails", async () => {
  await using redis = await startRedis();
  await using replicas = await startReplicas(3, { env: { STEER_STREAM_STORE: redis.url } });
  const clients = replicas.addresses.map((address) => createGrpcClient(address));
  const [first] = clients as [GrpcClient];
  const spec = { model: "simulator", prompt: "a prompt" };
  const ask = (client: GrpcClient, key: string) =>
    reasonOf(client.unary(generate, { spec }, bearer(key)));

  await first.unary(createCaller, { caller: { id: "ops", role: CallerRole.OPERATOR } });
  const { secret: ops } = await first.unary(createKey, { caller: "ops" });
  const newKey = async (caller: string): Promise<string> =>
    (await first.unary(createKey, { caller }, bearer(ops))).secret;
  for (const id of ["steady", "leaked", "removed"]) {
    await first.unary(createCaller, { caller: { id } }, bearer(ops));
  }
  const steady = await newKey("steady");
  const leaked = await newKey("leaked");
  const removed = await newKey("removed");
  for (const client of clients) {
    for (const key of [steady, leaked, removed]) {
      await eventually(async () => (await ask(client, key)) === "OK");
    }
  }

  // Fifty calls a second of another caller, at all replicas by turns.
  const results: Promise<string>[] = [];
  let isOver = false;
  let current = steady;
  const load = (async () => {
    for (let index = 0; !isOver; index++) {
      const client = clients[index % clients.length];
      if (client !== undefined) results.push(ask(client, current));
      await wait(PAUSE_MS);
    }
  })();

  // A stream of the caller that is removed, at another replica than the one that is told.
  const endless = {
    model: "simulator",
    prompt: "x",
    providerOptions: { simulator: { pace_ms: 50, tokens: 10_000 } },
  };
  const stream = (async () => {
    const events = clients[2]?.stream(streamGenerate, { spec: endless }, bearer(removed)) ?? [];
    for await (const _ of events) {
      // Read to its end.
    }
  })();
  const ended = reasonOf(stream);

  async function endsEverywhere(key: string, change: () => Promise<unknown>): Promise<void> {
    await change();
    const since = performance.now();
    await Promise.all(
      clients.map((client) =>
        eventually(async () => (await ask(client, key)) === "CREDENTIALS_INVALID"),
      ),
    );
    expect(performance.now() - since).toBeLessThan(REVOKED_WITHIN_MS);
  }
  await endsEverywhere(leaked, () =>
    first.unary(revokeKey, { prefix: leaked.slice(0, 17) }, bearer(ops)),
  );
  await endsEverywhere(removed, () => first.unary(deleteCaller, { id: "removed" }, bearer(ops)));
  expect(await ended).toBe("CREDENTIALS_REVOKED");

  // Rotation: the next key is used before the old one is revoked.
  const next = await newKey("steady");
  for (const client of clients) await eventually(async () => (await ask(client, next)) === "OK");
  current = next;
  await Promise.all(results);
  await endsEverywhere(steady, () =>
    first.unary(revokeKey, { prefix: steady.slice(0, 17) }, bearer(ops)),
  );
  isOver = true;
  await load;
  const answers = await Promise.all(results);
  expect(answers.length).toBeGreaterThan(20);
  expect(answers.filter((reason) => reason !== "OK")).toEqual([]);
  for (const client of clients) client.close();
});
