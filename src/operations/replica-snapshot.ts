// A replica's status as the other replicas read it from the store.
import type { ProviderStatus, RetryStatus, Status } from "../domain/operations.ts";
import { areSiblings, commandOf } from "../domain/replica-name.ts";
import type { StreamLog } from "../streams/stream-log.ts";

/** Increased by changes that an older version would misread. New optional fields do not count. */
const FORMAT = 1;

export interface ReplicaSnapshot {
  readonly replica: string;
  readonly status: Status;
  /** What it did in the last seconds; undefined: nobody watches, or the replica is older. */
  readonly activity?: unknown;
}

interface Stored {
  readonly format: typeof FORMAT;
  readonly replica: string;
  readonly activity?: unknown;
  readonly startTimeMs: number;
  readonly providers: readonly (readonly [string, ProviderStatus])[];
  readonly retries: readonly (readonly [
    string,
    Omit<RetryStatus, "errors"> & { readonly errors: readonly [never, number][] },
  ])[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeSnapshot({ replica, status, activity }: ReplicaSnapshot): Uint8Array {
  const { startTimeMs, providers, retries } = status;
  return encoder.encode(
    JSON.stringify({
      format: FORMAT,
      replica,
      startTimeMs,
      providers: [...providers],
      retries: Array.from(retries, ([id, each]) => [id, { ...each, errors: [...each.errors] }]),
      activity,
    }),
  );
}

/** Undefined for a snapshot of another version: replicas are upgraded one by one. */
function decodeSnapshot(bytes: Uint8Array): ReplicaSnapshot | undefined {
  try {
    const stored = JSON.parse(decoder.decode(bytes)) as Stored;
    if (stored.format !== FORMAT) return undefined;
    const { replica, startTimeMs, activity } = stored;
    const providers = new Map(stored.providers);
    const retries = new Map(
      stored.retries.map(([id, each]) => [id, { ...each, errors: new Map(each.errors) }]),
    );
    return { replica, status: { startTimeMs, providers, retries }, activity };
  } catch {
    return undefined;
  }
}

/**
 * The last snapshots of the other living replicas; empty if the store is away. Scope `replica`: of the other workers of
 * its command.
 */
export async function readOtherSnapshots(
  log: StreamLog,
  replica: string,
  scope: "cluster" | "replica" = "cluster",
): Promise<readonly ReplicaSnapshot[]> {
  if (!log.store.capabilities.isShared) return [];
  if (scope === "replica" && commandOf(replica) === undefined) return [];
  const { storeTimeoutMs } = log.settings;
  const stored = await log.health.look(storeTimeoutMs, () => log.store.snapshots());
  return (stored ?? []).flatMap((bytes) => {
    const snapshot = decodeSnapshot(bytes);
    if (snapshot === undefined || snapshot.replica === replica) return [];
    return scope === "cluster" || areSiblings(snapshot.replica, replica) ? snapshot : [];
  });
}
