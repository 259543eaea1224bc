import type { Clock } from "../../clock.ts";
import type { Sessions } from "../sessions.ts";
import { ignoreOutage } from "../store-unavailable.ts";
import { whole } from "./codec.ts";
import type { HostedService, Peer } from "./hosted-service.ts";
import { SESSIONS, type SessionCalls } from "./session-calls.ts";

interface HostedSession {
  /** The connection that announced the session last. */
  readonly peer: Peer;
  readonly stopTimer: () => void;
}

/**
 * Sessions of the host's clients. A session ends with its connection, or if the client does not renew it in time: a
 * process that hangs keeps its connection. The sessions of an engine that only one process uses live until then.
 */
export function hostSessions(clock: Clock, inner: Sessions): HostedService<SessionCalls> {
  const sessions = new Map<string, HostedSession>();
  const peers = new Set<Peer>();

  inner.onBroadcast((message) => {
    for (const peer of peers) peer.push((to) => to.bytes(message));
  });

  function forget(session: string): void {
    sessions.get(session)?.stopTimer();
    sessions.delete(session);
  }

  function end(session: string): void {
    forget(session);
    inner.closeSession(session).catch(ignoreOutage);
  }

  /** A frame of a connection that was replaced must not affect the session of its successor. */
  function isReplaced(session: string, peer: Peer): boolean {
    return (sessions.get(session)?.peer.number ?? 0) > peer.number;
  }

  function announce(session: string, peer: Peer, ttlMs: number): void {
    forget(session);
    let stopTimer = clock.schedule(ttlMs, () => {
      // If this process was blocked, the client's sign of life has arrived and is read before the next timer.
      stopTimer = clock.schedule(0, () => end(session));
    });
    sessions.set(session, { peer, stopTimer: () => stopTimer() });
  }

  return {
    shape: SESSIONS,
    serve(peer) {
      peers.add(peer);
      return {
        calls: {
          async openSession(session, ttlMs) {
            if (isReplaced(session, peer)) return;
            announce(session, peer, ttlMs);
            await inner.openSession(session, ttlMs);
          },
          async renewSession(session, ttlMs) {
            if (isReplaced(session, peer)) return "lost";
            announce(session, peer, ttlMs);
            return inner.renewSession(session, ttlMs);
          },
          async closeSession(session) {
            if (isReplaced(session, peer)) return;
            forget(session);
            await inner.closeSession(session);
          },
          putSnapshot: (session, snapshot) => inner.putSnapshot(session, snapshot),
          snapshots: async () => (await inner.snapshots()).map(whole),
          broadcast: (message) => inner.broadcast(message),
        },
        end() {
          peers.delete(peer);
          for (const [session, { peer: owner }] of sessions) if (owner === peer) end(session);
        },
      };
    },
  };
}
