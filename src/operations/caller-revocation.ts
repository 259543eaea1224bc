// What runs for a caller that was removed from the configuration ends, at every replica.
import type { Clock } from "../clock.ts";
import { callerRevoked, type GatewayError } from "../domain/gateway-error.ts";
import type { StreamLog } from "../streams/stream-log.ts";
import type { ListPlace } from "../streams/stream-store.ts";

/** Longest wait for one answer of the store. */
const WAIT_MS = 5_000;
/** Streams in one answer of the store. */
const PAGE = 500;
/** A store that is away is asked again, so often and so long after the last time. */
const TRIES = 12;
const RETRY_MS = 5_000;

export interface CallerRevocationDependencies {
  readonly clock: Clock;
  readonly log: StreamLog;
  /** Ends generations that run here. */
  readonly abortGenerations: (isMeant: (caller: string) => boolean, error: GatewayError) => void;
  /** Ends calls that run here. */
  readonly endCalls: (isMeant: (caller: string) => boolean, error: GatewayError) => void;
  /** The streams of a caller could not be cancelled elsewhere: the store does not answer. */
  readonly onFailure: (caller: string) => void;
  /** The process ends. */
  readonly signal: AbortSignal;
}

export function createCallerRevocation(dependencies: CallerRevocationDependencies) {
  const { clock, log, signal } = dependencies;

  /** Asks for the end of every stream of a caller, whichever replica writes it. */
  async function cancelStored(caller: string): Promise<void> {
    let after: ListPlace | undefined;
    do {
      const query = {
        phases: ["running", "orphaned"],
        provider: "",
        caller,
        olderThanMs: 0,
        limit: PAGE,
        after,
      } as const;
      const found = await log.health.demand(WAIT_MS, () => log.store.list(query));
      for (const { streamId } of found.streams) await log.requestCancel(streamId, "revoked");
      after = found.next;
    } while (after !== undefined);
  }

  async function cancelEverywhere(caller: string): Promise<void> {
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        return await cancelStored(caller);
      } catch {
        if (tries === TRIES) return dependencies.onFailure(caller);
        await clock.sleep(RETRY_MS, signal).catch(() => {});
      }
    }
  }

  /** Resolves when the store has been told, or could not be. */
  return async function revoke(callers: readonly string[]): Promise<void> {
    if (callers.length === 0) return;
    const isMeant = (caller: string): boolean => callers.includes(caller);
    const error = callerRevoked();
    // The generations first: their streams end with the reason, and not with a caller that has left.
    dependencies.abortGenerations(isMeant, error);
    dependencies.endCalls(isMeant, error);
    await Promise.all(callers.map(cancelEverywhere));
  };
}
