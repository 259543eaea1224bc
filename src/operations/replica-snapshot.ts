// What a replica tells the others of itself, as the store keeps it.
import type { ProviderStatus, RetryStatus, Status } from "../domain/operations.ts";

/** Grows with every change that another version would misread, and not with fields that can be missing. */
const FORMAT = 1;

export interface ReplicaSnapshot {
  readonly replica: string;
  readonly status: Status;
}

interface Stored {
  readonly format: typeof FORMAT;
  readonly replica: string;
  readonly startTimeMs: number;
  readonly providers: readonly (readonly [string, ProviderStatus])[];
  readonly retries: readonly (readonly [
    string,
    Omit<RetryStatus, "errors"> & { readonly errors: readonly [never, number][] },
  ])[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeSnapshot({ replica, status }: ReplicaSnapshot): Uint8Array {
  const { startTimeMs, providers, retries } = status;
  return encoder.encode(
    JSON.stringify({
      format: FORMAT,
      replica,
      startTimeMs,
      providers: [...providers],
      retries: Array.from(retries, ([id, each]) => [id, { ...each, errors: [...each.errors] }]),
    }),
  );
}

/** Undefined for one of another version: replicas are upgraded one by one. */
export function decodeSnapshot(bytes: Uint8Array): ReplicaSnapshot | undefined {
  try {
    const stored = JSON.parse(decoder.decode(bytes)) as Stored;
    if (stored.format !== FORMAT) return undefined;
    const { replica, startTimeMs } = stored;
    const providers = new Map(stored.providers);
    const retries = new Map(
      stored.retries.map(([id, each]) => [id, { ...each, errors: new Map(each.errors) }]),
    );
    return { replica, status: { startTimeMs, providers, retries } };
  } catch {
    return undefined;
  }
}
