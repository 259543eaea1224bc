import type { Clock } from "../../clock.ts";
import type { Sessions } from "../sessions.ts";
import type { StoreCapabilities, StoreEngine } from "../store-engine.ts";
import { ignoreOutage } from "../store-unavailable.ts";
import { whole } from "./codec.ts";
import type { ServiceCalls, ServiceShape } from "./hosted-service.ts";
import { Link, type ServiceEvents, type ServiceLink } from "./link.ts";
import { SESSIONS, type SessionCalls } from "./session-calls.ts";

export interface HostedEngineOptions {
  readonly clock: Clock;
  /** Path of the host's socket. */
  readonly path: string;
}

/**
 * An engine that another process on this host has opened: `StoreHost` is its counterpart. The engine connects again by
 * itself. Without a connection, calls are rejected at once with `StoreUnavailable`.
 */
export class HostedEngine implements StoreEngine {
  readonly capabilities: StoreCapabilities;
  readonly sessions: Sessions;
  readonly #link: Link;

  private constructor(link: Link, capabilities: StoreCapabilities) {
    this.#link = link;
    this.capabilities = capabilities;
    this.sessions = sessionsOf(link);
  }

  /** Rejects if the host does not answer, or is of another release. */
  static async connect(options: HostedEngineOptions): Promise<HostedEngine> {
    const link = new Link(options);
    try {
      const { capabilities } = await link.opened;
      return new HostedEngine(link, capabilities);
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  /** A tenant of the host's engine, or another service of the host. */
  service<C extends ServiceCalls<C>>(
    shape: ServiceShape,
    events: ServiceEvents = {},
  ): ServiceLink<C> {
    return this.#link.service<C>(shape, events);
  }

  async open(): Promise<void> {}

  close(): Promise<void> {
    return this.#link.close();
  }
}

function sessionsOf(link: Link): Sessions {
  const listeners: ((message: Uint8Array) => void)[] = [];
  /** Sessions of this process, with their time to live. */
  const announced = new Map<string, number>();
  /** Sessions that ended with a connection, until the process hears of it. */
  const lost = new Set<string>();

  async function renew(session: string, ttlMs: number): Promise<"renewed" | "lost"> {
    announced.set(session, ttlMs);
    return service.call("renewSession", session, ttlMs);
  }

  const service = link.service<SessionCalls>(SESSIONS, {
    onPush(frame) {
      const message = Uint8Array.from(frame.view());
      for (const listener of listeners) listener(message);
    },
    // The session must live before anything else is stored on the new connection.
    onReconnect() {
      for (const [session, ttlMs] of announced) {
        const renewed = renew(session, ttlMs).then((answer) => {
          if (answer === "lost") lost.add(session);
        });
        renewed.catch(ignoreOutage);
      }
    },
  });

  return {
    async openSession(session, ttlMs) {
      announced.set(session, ttlMs);
      await service.call("openSession", session, ttlMs);
    },
    async renewSession(session, ttlMs) {
      const answer = await renew(session, ttlMs);
      return lost.delete(session) ? "lost" : answer;
    },
    async closeSession(session) {
      announced.delete(session);
      lost.delete(session);
      await service.call("closeSession", session);
    },
    putSnapshot: (session, snapshot) => service.call("putSnapshot", session, whole(snapshot)),
    snapshots: () => service.call("snapshots"),
    broadcast: (message) => service.call("broadcast", whole(message)),
    onBroadcast: (listener) => void listeners.push(listener),
  };
}
