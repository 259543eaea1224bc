// A worker that serves nothing. The text of its configuration says what it does.
import type { ToPrimary, ToWorker } from "../../src/workers/worker-messages.ts";

const tell = (message: ToPrimary, then = (): void => {}): void =>
  void process.send?.(message, undefined, {}, then);

let script = "";

process.on("message", (message: ToWorker) => {
  if (message.type === "start") {
    script = message.configText ?? "";
    if (script === "dies") process.exit(3);
    if (script !== "fails") return tell({ type: "ready" });
    tell({ type: "start failed", message: "the script says so" }, () => process.exit(1));
  } else if (message.type === "reload") {
    process.exit(4);
  } else if (message.type === "read metrics" && script !== "silent") {
    tell({ type: "metrics", id: message.id, text: `${script}_total 1\n` });
  } else if (message.type === "ping" && script !== "hangs") {
    tell({ type: "pong" });
  } else if (message.type === "stop" && script !== "stubborn") {
    process.exit(0);
  }
});
