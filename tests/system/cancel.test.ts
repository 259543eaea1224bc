import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy } from "../../gen/es/steer/v1/stream_pb.js";
import { expectOneWithin } from "../support/expect-one-within.ts";
import { createGrpcClient } from "../support/grpc-client.ts";
import { openFiles, residentMiB } from "../support/process-figures.ts";
import { ADAPTERS, eventually, type Stack, startStack } from "../support/stack.ts";

const { generate, streamGenerate } = GenerationService.method;

/** Both end with their only reader: a stored stream that is told to, and one that nothing outlives. */
const ENDS_WITH_READER = [
  ["stored", { onDisconnect: DisconnectPolicy.CANCEL }],
  ["ephemeral", { ephemeral: true }],
] as const;

const [[, STORED]] = ENDS_WITH_READER;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

function spec(adapter: string, script: object) {
  return {
    model: `m-${adapter}`,
    prompt: "Hi",
    providerOptions: { [adapter]: { simulator: script as never } },
  };
}

let serial = 0;
/** Stalls after so many content events; it names itself, so that it is this call's alone. */
function stall(after: number) {
  return {
    faults: [{ attempt: 1, stall_after_events: after, headers: { "x-test": String(serial++) } }],
  };
}

/** The upstream's newest request once there are more than `count`. */
async function nextRequest(count: number) {
  await eventually(() => stack.upstream.requests.length > count);
  const request = stack.upstream.requests[count];
  if (request === undefined) throw new Error("no request");
  return request;
}

/** Milliseconds from the cancel to the close of the upstream's socket. */
async function untilClosed(seen: { readonly closedAt: number | undefined }, cancel: () => void) {
  const cancelledAt = performance.now();
  cancel();
  await eventually(() => seen.closedAt !== undefined);
  return Number(seen.closedAt) - cancelledAt;
}

describe("a cancelled call", () => {
  const streams = ADAPTERS.flatMap((adapter) =>
    ENDS_WITH_READER.map(([name, options]) => [adapter, name, options] as const),
  );

  it.each(streams)(
    "A-1: closes the socket to %s within 100 ms, inside the stream, %s",
    async (adapter, _name, options) => {
      await expectOneWithin(100, async () => {
        const count = stack.upstream.requests.length;
        const request = { spec: spec(adapter, stall(3)), options };
        const call = stack.client.stream(streamGenerate, request);
        const seen = await nextRequest(count);
        await eventually(() => seen.sent === 3);
        return untilClosed(seen, () => call.cancel());
      });
    },
  );

  it.each(streams)(
    "A-2: closes it before the first token of %s, %s",
    async (adapter, _name, options) => {
      await expectOneWithin(100, async () => {
        const count = stack.upstream.requests.length;
        const request = { spec: spec(adapter, stall(0)), options };
        const call = stack.client.stream(streamGenerate, request);
        return untilClosed(await nextRequest(count), () => call.cancel());
      });
    },
  );

  it.each(ADAPTERS)(
    "A-3: closes it under a unary call to %s, and nothing is sent again",
    async (adapter) => {
      await expectOneWithin(100, async () => {
        const count = stack.upstream.requests.length;
        const controller = new AbortController();
        const call = stack.client
          .unary(generate, { spec: spec(adapter, stall(0)) }, { signal: controller.signal })
          .catch((error: unknown) => error);
        const took = await untilClosed(await nextRequest(count), () => controller.abort());
        expect(await call).toMatchObject({ code: 1 });
        expect(stack.upstream.requests.length).toBe(count + 1);
        return took;
      });
    },
  );

  it.each([
    ["unary", "Generate"],
    ["stream", "StreamGenerate"],
  ])("A-4: is the same on the HTTP listener, %s", async (mode) => {
    const transport = createConnectTransport({ baseUrl: stack.service.http, httpVersion: "1.1" });
    const client = createClient(GenerationService, transport);
    await expectOneWithin(100, async () => {
      const count = stack.upstream.requests.length;
      const controller = new AbortController();
      const { signal } = controller;
      const request = { spec: spec("chat", stall(mode === "unary" ? 0 : 2)) };
      const call =
        mode === "unary"
          ? client.generate(request, { signal }).catch((error: unknown) => error)
          : (async () => {
              const options = STORED;
              for await (const _ of client.streamGenerate({ ...request, options }, { signal }));
            })().catch((error: unknown) => error);
      const took = await untilClosed(await nextRequest(count), () => controller.abort());
      await call;
      return took;
    });
  });

  it("ends by the caller's deadline with the typed error, before the library's own", async () => {
    const count = stack.upstream.requests.length;
    const call = stack.client.unary(generate, { spec: spec("chat", stall(0)) }, { timeoutMs: 600 });
    await expect(call).rejects.toMatchObject({ code: 4, details: /took longer than/ });
    const request = await nextRequest(count);
    await eventually(() => request.closedAt !== undefined);
  });
});

describe("many cancelled calls", () => {
  it("A-6: leave no slot taken", async () => {
    for (let round = 0; round < 60; round++) {
      const count = stack.upstream.requests.length;
      const call = stack.client.stream(streamGenerate, {
        spec: spec("chat", stall(0)),
        options: round % 2 === 0 ? STORED : { ephemeral: true },
      });
      await nextRequest(count);
      call.cancel();
    }
    const { generation } = await stack.client.unary(generate, { spec: spec("chat", {}) });
    expect(generation?.outputText).not.toBe("");
  });

  it("A-64: leave no handle, and other calls on the channel go on", async () => {
    const client = createGrpcClient(stack.service.grpc);
    const survivor = client.stream(streamGenerate, {
      spec: {
        model: "simulator",
        prompt: "Hi",
        providerOptions: { simulator: { tokens: 400, pace_ms: 10 } },
      },
    });
    const lived = (async () => {
      let last = "";
      for await (const { event } of survivor) last = event.case ?? "";
      return last;
    })();
    const before = openFiles(stack.service.pid);
    for (let batch = 0; batch < 30; batch++) {
      const calls = Array.from({ length: 50 }, () =>
        client.stream(streamGenerate, {
          spec: {
            model: "simulator",
            prompt: "Hi",
            providerOptions: { simulator: { tokens: 100, pace_ms: 50 } },
          },
          options: batch % 2 === 0 ? STORED : { ephemeral: true },
        }),
      );
      await Promise.all(calls.map((call) => call.headers));
      for (const call of calls) call.cancel();
    }
    expect(await lived).toBe("complete");
    await eventually(() => openFiles(stack.service.pid) <= before + 2);
    await eventually(
      () => stack.service.log.filter(({ code }) => code === "CANCELLED").length >= 1_500,
    );
    client.close();
  });
});

describe("a reader that stops reading", () => {
  it("holds the provider back where nothing is stored, and memory stays bounded", async () => {
    const client = createGrpcClient(stack.service.grpc);
    const count = stack.upstream.requests.length;
    const tokens = 200_000;
    const call = client.stream(streamGenerate, {
      spec: spec("chat", { tokens, text: "x" }),
      options: { ephemeral: true },
    });
    const iterator = call[Symbol.asyncIterator]();
    await iterator.next();
    const request = await nextRequest(count);
    let last = -1;
    await eventually(async () => {
      const stuck = request.sent === last;
      last = request.sent;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return stuck && last > 0;
    });
    expect(request.sent).toBeLessThan(tokens / 2);
    expect(residentMiB(stack.service.pid)).toBeLessThan(400);
    call.cancel();
    client.close();
  });
});
