import { GatewayError } from "../domain/gateway-error.ts";
import type { Interceptor } from "./interceptor.ts";

/** UNAVAILABLE for calls that this replica does not serve any more. */
export function drainingError(): GatewayError {
  const message = "this replica is draining; call again to reach another one";
  return new GatewayError("gateway-overloaded", message, { reason: "DRAINING" });
}

/** Counts running calls, and refuses new calls while the replica drains. */
export class Draining implements Interceptor {
  #active = 0;
  #isDraining = false;
  #whenIdle: (() => void)[] = [];

  /** Number of running calls. */
  get activeCalls(): number {
    return this.#active;
  }

  /** Refuses new calls with UNAVAILABLE/DRAINING from now on. */
  startDraining(): void {
    this.#isDraining = true;
  }

  /** Resolves when no call runs. */
  idle(): Promise<void> {
    if (this.#active === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  admit(): void {
    if (!this.#isDraining) return;
    throw drainingError();
  }

  accept(): () => void {
    this.admit();
    this.#active++;
    return () => this.#leave();
  }

  #leave(): void {
    this.#active--;
    if (this.#active > 0) return;
    for (const resolve of this.#whenIdle) resolve();
    this.#whenIdle = [];
  }
}
