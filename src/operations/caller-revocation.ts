// Ends all calls and streams of callers that were removed from the configuration, at every replica.
import type { Clock } from "../clock.ts";
import { callerRevoked, type GatewayError } from "../domain/gateway-error.ts";
import type { StreamLog } from "../streams/stream-log.ts";
import type { ListPlace } from "../streams/stream-store.ts";

/** Longest wait for one answer of the store, in milliseconds. */
const WAIT_MS = 5_000;
/** Streams per answer of the store. */
const PAGE = 500;
/** If the store is away, it is asked this many times, with this pause after each. */
const TRIES = 12;
const RETRY_MS = 5_000;

export interface CallerRevocationDependencies {
  readonly clock: Clock;
  readonly log: StreamLog;
  /** Ends generations at this replica. */
  readonly abortGenerations: (isMeant: (caller: string) => boolean, error: GatewayError) => void;
  /** Ends calls at this replica. */
  readonly endCalls: (isMeant: (caller: string) => boolean, error: GatewayError) => void;
  /**
   * Called if the streams of a caller could not be cancelled at other replicas because the store does not answer.
   */
  readonly onFailure: (caller: string) => void;
  /** Aborted when the process ends. */
  readonly signal: AbortSignal;
}

export function createCallerRevocation(dependencies: CallerRevocationDependencies) {
  const { clock, log, signal } = dependencies;

  /** Requests the end of every stream of a caller, at whichever replica it runs. */
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

  /** Resolves when the store has been told, or after the last try. */
  return async function revoke(callers: readonly string[]): Promise<void> {
    if (callers.length === 0) return;
    const isMeant = (caller: string): boolean => callers.includes(caller);
    const error = callerRevoked();
    // Generations end first, so that their streams end with this error and not because their caller left.
    dependencies.abortGenerations(isMeant, error);
    dependencies.endCalls(isMeant, error);
    await Promise.all(callers.map(cancelEverywhere));
  };
}
