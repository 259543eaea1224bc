import type { KeyRow } from "./reference/key-row.ts";
import { listenerKeys } from "./reference/listeners.ts";
import { modelKeys, providerKeys } from "./reference/providers.ts";
import { healthKeys, retryKeys, timeoutKeys } from "./reference/reliability.ts";
import { accountingKeys, streamKeys } from "./reference/streams.ts";
import { telemetryKeys } from "./reference/telemetry.ts";

/** All keys, grouped by the parts of `docs/configuration.md`. */
export const KEY_REFERENCE = {
  listeners: listenerKeys,
  providers: providerKeys,
  models: modelKeys,
  streams: streamKeys,
  accounting: accountingKeys,
  retry: retryKeys,
  health: healthKeys,
  timeouts: timeoutKeys,
  telemetry: telemetryKeys,
} as const satisfies Readonly<Record<string, readonly KeyRow[]>>;

const ROWS = new Map<string, KeyRow>(
  Object.values(KEY_REFERENCE).flatMap((rows) => rows.map((row) => [row.key, row] as const)),
);

/** The row of a key, or of the section around it; undefined: no page has the key. */
export function keyRow(key: string): KeyRow | undefined {
  const own = ROWS.get(key);
  if (own !== undefined) return own;
  const end = key.lastIndexOf(".");
  // The row of a list does not describe the keys of its entries.
  return end < 0 ? undefined : keyRow(key.slice(0, end));
}
