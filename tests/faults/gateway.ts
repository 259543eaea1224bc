// A gateway as the fault run starts it: the real service, with hooks around its
// store and its calls to providers, and a clock of the day that can jump.
import { subscribe } from "node:diagnostics_channel";
import { enableCompileCache } from "node:module";
import { type Hook, Hooks, type Order, type Report } from "./harness/hooks.ts";

enableCompileCache();
const { run } = await import("../../src/run.ts");
const { encodeEvent } = await import("../../src/rpc/encode-event.ts");
const { collectGarbage } = await import("../../src/collect-garbage.ts");
const { openStores } = await import("../../src/open-stores.ts");

const report = (message: Report): void => void process.send?.(message);
const hooks = new Hooks(report);
// They strike from the first moment: an order would come when the gateway already serves.
for (const hook of JSON.parse(process.env["FAULT_HOOKS"] ?? "[]") as Hook[]) hooks.arm(hook);

let jumpMs = 0;
const today = Date.now;
Date.now = () => today() + jumpMs;

process.on("message", (order: Order) => {
  switch (order.type) {
    case "hook":
      hooks.arm(order.hook);
      return report({ type: "armed", id: order.hook.id });
    case "release":
      return hooks.release(order.id);
    case "jump":
      jumpMs = order.ms;
      return;
    case "block":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.ms);
      return;
    case "figures":
      return report({ type: "figures", appends: hooks.takeFigures() });
  }
});
process.on("disconnect", () => process.exit(1));
// A gateway that cannot start ends. Orders do not hold it.
process.channel?.unref();

// The scripts of the requests begin with their id: `{"rid":"…"`.
subscribe("undici:request:create", (message) => {
  const { request } = message as { request: { body: unknown } };
  const id = /\\"rid\\":\\"([^\\]+)/.exec(String(request.body))?.[1];
  const hook = id === undefined ? undefined : hooks.due("provider.before", id);
  if (hook !== undefined) void hooks.strike(hook);
});

await run({
  async open(address, clock) {
    const stores = await openStores(address, clock);
    return { ...stores, streams: hooks.wrap(stores.streams) };
  },
  encodeEvent: hooks.encoder(encodeEvent),
  collectGarbage,
});
