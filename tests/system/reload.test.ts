// A reload takes effect at once, and no call fails because of it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { AbortMode } from "../../gen/es/steer/v1/generation_pb.js";
import {
  GenerationService,
  TokenCountMethod,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import { UsageSource } from "../../gen/es/steer/v1/usage_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import {
  type ReloadableCall,
  type ReloadableConfig,
  type ReloadableStack,
  reloadableConfig,
  reloadableSpec,
  startReloadableStack,
} from "../support/reloadable-stack.ts";
import { startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";
import { COUNTED_TOKENS, startUpstream } from "../support/upstream.ts";

const { generate, streamGenerate, countTokens } = GenerationService.method;

let stack: ReloadableStack | undefined;

afterEach(async () => {
  await stack?.[Symbol.asyncDispose]();
  stack = undefined;
});

/** The second call waits in the queue. */
const ONE_AT_A_TIME = "limit: {max_in_flight: 1} # because: one call fills the target\n";

async function start(config: ReloadableConfig = {}): Promise<ReloadableStack> {
  stack = await startReloadableStack(config);
  return stack;
}

/** The text of a stream, read to its end. */
async function read({ client }: ReloadableStack, call: ReloadableCall): Promise<string> {
  let text = "";
  for await (const { event } of client.stream(streamGenerate, { spec: reloadableSpec(call) })) {
    if (event.case === "textDelta") text += event.value.text;
  }
  return text;
}

const ways = {
  unary: (on: ReloadableStack, call: ReloadableCall) => on.generate(call),
  stream: read,
} as const;

const WAIT = { attempt: 1, status: 503, headers: { "retry-after-ms": "2500" } };
const FAILURES = [1, 2, 3].map((attempt) => ({ attempt, status: 500, held: true }));
const COOL = { attempt: 1, status: 429, headers: { "retry-after": "2" } };
const TO_Q = { fallbacks: [{ model: "q" }] };

describe.each(["unary", "stream"] as const)("field:E23 a reload fails no %s call", (way) => {
  it("that waits for a retry at the instance that changes", async () => {
    const on = await start();
    const call = ways[way](on, { faults: [WAIT] });
    await on.received(1);
    await on.clock.advance(1_000);
    await on.reload({ one: "2" });
    expect(await on.settled(call)).not.toBe("");
    // The call goes on where it began: its key and its headers may be those of this instance alone.
    expect(on.versions()).toEqual(["1", "1"]);
  });

  it("that waits for a retry while the instance changes again and again", async () => {
    const on = await start();
    const call = ways[way](on, { faults: [WAIT] });
    await on.received(1);
    for (const one of ["2", "3", "1", "4"]) await on.reload({ one });
    expect(await on.settled(call)).not.toBe("");
    expect(on.versions()).toEqual(["1", "1"]);
    await ways[way](on, {});
    expect(on.versions().at(-1)).toBe("4");
  });

  it("that is about to fail over to an instance that changes", async () => {
    const on = await start();
    on.upstream.hold();
    const call = ways[way](on, { faults: FAILURES, routing: TO_Q as never });
    await on.received(1);
    await on.reload({ one: "2", two: "2" });
    on.upstream.release(1_000);
    expect(await on.settled(call)).not.toBe("");
    expect(on.upstream.requests.at(-1)?.body["model"]).toBe("q");
    expect(new Set(on.versions())).toEqual(new Set(["1"]));
  });

  it("that has a rival at an instance that changes", async () => {
    const on = await start();
    const hedge = { delay: { seconds: 1n, nanos: 0 } };
    const call = ways[way](on, {
      faults: [{ attempt: 1, stall_after_events: 0 }],
      routing: { ...TO_Q, hedge } as never,
    });
    await on.received(1);
    await on.reload({ one: "2", two: "2" });
    expect(await on.settled(call)).not.toBe("");
    expect(on.versions()).toEqual(["1", "1"]);
    // Both instances of before are closed with their last user, the rival that has lost included.
    await eventually(() => on.upstream.connections === 0);
  });

  it("that waits in the queue of the instance that changes", async () => {
    const on = await start({ more: ONE_AT_A_TIME });
    on.upstream.hold();
    const first = read(on, {});
    await on.received(1);
    const queued = ways[way](on, {});
    const { getProviderStatus } = AdminService.method;
    await eventually(async () => {
      const { providers } = await on.client.unary(getProviderStatus, {});
      return providers["one"]?.queued === 1;
    });
    await on.reload({ one: "2", more: ONE_AT_A_TIME });
    on.upstream.release(1_000);
    expect(await first).not.toBe("");
    expect(await queued).not.toBe("");
    expect(on.versions()).toEqual(["1", "1"]);
  });

  it("that waits for the end of a cooldown", async () => {
    const on = await start();
    await expect(ways[way](on, { faults: [COOL], retry: { maxAttempts: 1 } as never }))
      .rejects //
      .toThrow();
    const call = ways[way](on, {});
    await eventually(() => on.clock.pendingTimers > 0);
    await on.reload({ one: "2" });
    expect(await on.settled(call)).not.toBe("");
  });
});

describe("field:E23 a reload leaves alone", () => {
  it("a stream that runs, and closes its instance behind it", async () => {
    const on = await start();
    on.upstream.hold();
    const running = read(on, {});
    await on.received(1);
    await on.reload({ one: "2" });
    on.upstream.release(1_000);
    expect(await running).toContain("far shore");
    await eventually(() => on.upstream.connections === 0);
  });

  it("an attempt that is read on for its counts after a cancel", async () => {
    const on = await start();
    on.upstream.hold();
    const abort = { mode: AbortMode.DRAIN } as never;
    const request = { spec: reloadableSpec({ abort }), options: { ephemeral: true } };
    const call = on.client.stream(streamGenerate, request);
    await on.received(1);
    on.upstream.release(1);
    try {
      for await (const { event } of call) if (event.case === "textDelta") call.cancel();
    } catch {
      // It was cancelled.
    }
    await on.reload({ one: "2" });
    on.upstream.release(1_000);
    // The server could send all of it, and the connection was closed afterwards.
    await eventually(() => on.upstream.connections === 0);
    expect(on.upstream.requests[0]?.closedAt).toBeUndefined();
    expect(on.upstream.requests[0]?.sent).toBeGreaterThan(3);
  });

  it("a count by the provider", async () => {
    const on = await start();
    on.upstream.hold();
    const spec = { model: "claude", prompt: "Hi" };
    const count = on.client.unary(countTokens, { spec, method: TokenCountMethod.PROVIDER });
    await on.received(1);
    await on.reload({ one: "2" });
    on.upstream.release(1);
    expect(await count).toMatchObject({
      inputTokens: COUNTED_TOKENS,
      source: UsageSource.PROVIDER,
    });
    await eventually(() => on.upstream.connections === 0);
  });

  it("the connections of an instance that stays as it was", async () => {
    const on = await start();
    await on.generate();
    await on.reload({ two: "2" });
    await on.generate();
    expect(on.upstream.connections).toBe(1);
    expect(on.upstream.requests).toHaveLength(2);
  });
});

it("field:E24 reloads one after the other take effect while a stream runs", async () => {
  const on = await start();
  on.upstream.hold();
  const running = read(on, {});
  await on.received(1);
  for (const one of ["2", "3", "4"]) {
    await on.reload({ one });
    await on.generate();
    expect(on.versions().at(-1)).toBe(one);
  }
  expect(on.log.filter(({ event }) => event === "reloaded")).toHaveLength(3);
  on.upstream.release(1_000);
  expect(await running).toContain("far shore");
});

it("a reload says which changes need a restart, as long as they differ from the start", async () => {
  const on = await start();
  const more = "http: {cors_origins: ['https://app.example']}\nstream: {store: 'sqlite:x.db'}\n";
  const warnings = () =>
    on.log.flatMap(({ event, message }) => (event === "warning" ? [message] : []));
  for (const one of ["2", "3"]) await on.reload({ one, more });
  const both = ["http.cors_origins", "stream.store"].map(
    (key) => `${key} has changed and takes effect at the next start`,
  );
  expect(warnings()).toEqual([...both, ...both]);
  await on.reload({ one: "4" });
  expect(warnings()).toHaveLength(4);
});

it("field:E23 what fails at an instance that was replaced says nothing of the new one", async () => {
  const on = await start();
  const failures = [WAIT, { attempt: 2, status: 503 }, { attempt: 3, status: 503 }];
  const call = on.generate({ faults: failures, retry: { maxAttempts: 3 } as never });
  const failed = expect(call).rejects.toThrow();
  await on.received(1);
  await on.reload({ one: "2" });
  await on.settled(failed);
  expect(on.versions()).toEqual(["1", "1", "1"]);
  const { providers } = await on.client.unary(AdminService.method.getProviderStatus, {});
  expect(providers["one"]?.circuit).toMatchObject({ windowFailures: 0n, consecutiveFailures: 0 });
});

it("field:E23 field:E24 the process reloads by SIGHUP while a stream runs and a call waits", async () => {
  const folder = mkdtempSync(join(tmpdir(), "steer-reload-"));
  const file = join(folder, "steer.yaml");
  const upstream = await startUpstream();
  const write = (one: string): void => writeFileSync(file, reloadableConfig(upstream.url, { one }));
  write("1");
  const service = await startService({ env: { STEER_CONFIG: file, UP_KEY: "secret-key" } });
  const client = createGrpcClient(service.grpc);
  const versions = () => upstream.requests.map(({ headers }) => headers["x-version"]);
  try {
    upstream.hold();
    const events = client.stream(streamGenerate, { spec: reloadableSpec({}) });
    await eventually(() => upstream.requests.length === 1);
    const failure = { attempt: 1, status: 503, headers: { "retry-after-ms": "2000" } };
    const waiting = client.unary(generate, { spec: reloadableSpec({ faults: [failure] }) });
    await eventually(() => upstream.requests.length === 2);
    for (const [index, version] of ["2", "3"].entries()) {
      write(version);
      service.signal("SIGHUP");
      const lines = () => service.log.filter(({ event }) => event === "reloaded");
      await eventually(() => lines().length === index + 1);
      await client.unary(generate, { spec: reloadableSpec({}) });
      expect(versions().filter((each) => each === version)).toHaveLength(1);
    }
    // Read at this moment, the file would have no models.
    writeFileSync(file, "");
    service.signal("SIGHUP");
    const failed = () => service.log.find(({ event }) => event === "reload failed");
    await eventually(() => failed() !== undefined);
    expect(failed()).toMatchObject({ message: expect.stringContaining("steer.yaml: is empty") });
    await client.unary(generate, { spec: reloadableSpec({}) });
    expect((await waiting).generation?.outputText).not.toBe("");
    upstream.release(1_000);
    let last: string | undefined;
    for await (const { event } of events) last = event.case;
    expect(last).toBe("complete");
    expect(versions().filter((each) => each === "1")).toHaveLength(3);
  } finally {
    client.close();
    await service.stop();
    await upstream.close();
    rmSync(folder, { recursive: true });
  }
});
