// What happens to replicas while a program runs.
import { setTimeout as delay } from "node:timers/promises";
import type { CutProxy } from "../support/cut-proxy.ts";
import type { ServiceProcess } from "../support/service.ts";
import type { Replicas } from "./world.ts";

export interface Stage {
  readonly replicas: Replicas;
  /** Its first connection leads to the first replica, the next one to the second, and so on. */
  readonly proxy: CutProxy;
  /** Ends a replica by SIGTERM, waits, and starts the next one at its address. */
  readonly restart: (replica: ServiceProcess) => Promise<ServiceProcess>;
  /** The program has ended. */
  readonly signal: AbortSignal;
}

/** Ends with the program at the latest. */
export type Trouble = (stage: Stage) => Promise<void>;

/** Output that makes sure that a stream runs, in bytes of the connection. */
const UNDER_WAY_BYTES = 1_000;
const POLL_MS = 10;
/** From the request of a unary call until its generation runs. */
const BEGUN_MS = 1_500;

/** Throws if the program has ended before its trouble came: it has shown nothing then. */
function failIfEnded({ signal }: Stage): void {
  if (signal.aborted) throw new Error("the program ended before its trouble did");
}

async function until(condition: () => boolean, stage: Stage): Promise<void> {
  while (!condition()) {
    failIfEnded(stage);
    await delay(POLL_MS);
  }
}

/** The replica that streams dies at once, without a word to anybody. */
export const killOwnerOfStream: Trouble = async (stage) => {
  await until(() => stage.proxy.bytes > UNDER_WAY_BYTES, stage);
  await stage.replicas[0].stop();
};

/** The same with the replica of a unary call. */
export const killOwnerOfCall: Trouble = async (stage) => {
  await until(() => stage.proxy.sentBytes > 0, stage);
  await delay(BEGUN_MS);
  failIfEnded(stage);
  await stage.replicas[0].stop();
};

/** How often both replicas are restarted, one after the other. */
const ROLLS = Number(process.env["STEER_INTEROP_ROLLS"] ?? "1");
/** Between two restarts, so that calls arrive at both replicas. */
const SETTLED_MS = 1_000;

/** An operator's rolling restart: SIGTERM, the end, and the next one at the same address. */
export const rollReplicas: Trouble = async (stage) => {
  await until(() => stage.proxy.bytes > UNDER_WAY_BYTES, stage);
  let running: readonly ServiceProcess[] = stage.replicas;
  for (let roll = 0; roll < ROLLS; roll++) {
    const next: ServiceProcess[] = [];
    for (const replica of running) {
      await delay(SETTLED_MS);
      next.push(await stage.restart(replica));
      failIfEnded(stage);
    }
    running = next;
  }
  await delay(SETTLED_MS);
};
