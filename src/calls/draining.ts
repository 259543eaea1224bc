import { GatewayError } from "../domain/gateway-error.ts";
import { RunningCount } from "../domain/running-count.ts";
import type { Interceptor } from "./interceptor.ts";

/** UNAVAILABLE for calls that this replica does not serve any more. */
export function drainingError(): GatewayError {
  const message = "this replica is draining; call again to reach another one";
  return new GatewayError("gateway-overloaded", message, { reason: "DRAINING" });
}

/** Counts running calls, and refuses new calls while the replica drains. */
export class Draining implements Interceptor {
  /** The running calls. */
  readonly running = new RunningCount();
  #isDraining = false;

  /** Refuses new calls with UNAVAILABLE/DRAINING from now on. */
  startDraining(): void {
    this.#isDraining = true;
  }

  admit(): void {
    if (!this.#isDraining) return;
    throw drainingError();
  }

  accept(): () => void {
    this.admit();
    this.running.begin();
    return () => this.running.end();
  }
}
