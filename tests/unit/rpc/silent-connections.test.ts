import { once } from "node:events";
import net from "node:net";
import { expect, it } from "vitest";
import { createDispatcher } from "../../../src/rpc/dispatcher.ts";
import { createHttpListener } from "../../../src/rpc/http-listener.ts";
import { GREETING_TIMEOUT_MS } from "../../../src/rpc/listen.ts";
import { callsOf } from "../../support/calls.ts";
import { createManualClock } from "../../support/manual-clock.ts";

it("a connection to the HTTP listener that says nothing reaches no server of Node, and is cut", async () => {
  const ofCalls = { requestBytes: 1_024, clock: createManualClock() };
  const dispatcher = createDispatcher({ services: [], calls: callsOf("alice"), ...ofCalls });
  const listener = await createHttpListener({
    ...ofCalls,
    address: { host: "127.0.0.1", port: 0 },
    tls: undefined,
    corsOrigins: [],
    dispatcher,
    storeTrouble: () => undefined,
  });
  const client = net.connect(listener.address.port, "127.0.0.1");
  await once(client, "connect");
  await expect.poll(() => listener.connections).toBe(1);
  // Node's server has timers of its own, and knows nothing of this clock.
  await ofCalls.clock.advance(GREETING_TIMEOUT_MS - 1);
  expect(listener.connections).toBe(1);
  await ofCalls.clock.advance(1);
  await expect.poll(() => listener.connections).toBe(0);
  client.destroy();
  const closed = listener.close();
  await ofCalls.clock.advance(1_000);
  await closed;
});
