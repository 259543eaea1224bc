import { resolve } from "node:path";
import type { Clock } from "../../clock.ts";
import { createProcessSessions } from "../process-sessions.ts";
import { steadyTime } from "../steady-time.ts";
import type { StoreCapabilities, StoreEngine } from "../store-engine.ts";
import type { TenantCalls } from "./thread-tenant.ts";
import { WorkerLink } from "./worker-link.ts";

export interface SqliteEngineOptions {
  readonly clock: Clock;
  /** Path of the file, which is created if missing. No other process can open the file meanwhile. */
  readonly path: string;
  /** Most bytes of the file without its write-ahead log; undefined: bounded only by the disk. */
  readonly maxBytes: number | undefined;
}

/** The calls to a tenant's part in the thread. Rejects with `StoreUnavailable`. */
export interface TenantLink<C extends TenantCalls<C>> {
  call<M extends keyof C & string>(method: M, ...args: Parameters<C[M]>): Promise<ReturnType<C[M]>>;
}

/**
 * A file on this host, which outlives the process. A separate thread works on the file. Calls that arrive while the
 * thread is busy share the next transaction.
 */
export class SqliteEngine implements StoreEngine {
  readonly capabilities: StoreCapabilities = {
    type: "sqlite",
    isShared: false,
    durability: "host",
  };
  /** Only this process uses the file, so the sessions are those of this process. */
  readonly sessions = createProcessSessions();
  readonly #tenants: string[] = [];
  readonly #link: WorkerLink;

  constructor({ clock, path, maxBytes }: SqliteEngineOptions) {
    const time = steadyTime(clock);
    this.#link = new WorkerLink({
      clock,
      moment: () => ({ now: time(), sessions: [...this.sessions.living] }),
      worker: () => ({ path: resolve(path), maxBytes, tenants: this.#tenants }),
    });
  }

  /**
   * Adds a tenant, before `open`. `thread`: the module of its part in the thread, whose export `tenant` is a
   * `ThreadTenant`. The version of the first tenant's tables is in the header of the file.
   */
  tenant<C extends TenantCalls<C>>(thread: URL): TenantLink<C> {
    const tenant = this.#tenants.push(thread.href) - 1;
    const link = this.#link;
    return {
      call: <M extends keyof C & string>(method: M, ...args: Parameters<C[M]>) =>
        link.call({ tenant, method, args }) as Promise<ReturnType<C[M]>>,
    };
  }

  /** Rejects with `StoreOpenError` if the file cannot be used. */
  open(): Promise<void> {
    return this.#link.open();
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}
