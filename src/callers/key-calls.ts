import { hash } from "node:crypto";
import { callerKeyOf, isKeyPrefix, KEY_BYTES, prefixOf } from "../domain/caller-key.ts";
import { invalidField } from "../domain/gateway-error.ts";
import type { CallerAdministration, KeyView } from "../ports/caller-administration.ts";
import { ignoreOutage } from "../store/store-unavailable.ts";
import { type AdministrationParts, fromStore, latest } from "./administration-parts.ts";
import { configured, noCaller, noKey } from "./caller-errors.ts";
import type { CallerIndex, IndexedKey } from "./caller-index.ts";
import { deletion, keyChange, type StoredKey } from "./caller-records.ts";
import {
  changeable,
  checkLastOperator,
  checkRoom,
  MAX_KEYS,
  MAX_KEYS_OF_CALLER,
} from "./caller-rules.ts";
import { keyView } from "./caller-views.ts";
import { lastUseOf } from "./key-uses.ts";

type KeyCalls = Pick<CallerAdministration, "keys" | "createKey" | "revokeKey">;

function later(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}

/** Says whom the first key of an operator locks out, since a key can be lost. */
function closingWarnings(wasOpen: boolean, isOpen: boolean, key: StoredKey): string[] {
  if (wasOpen && !isOpen) {
    return [
      "from now on calls without a key are refused, those of this machine too: keep this key, since it is the " +
        "only one of an operator that has no end",
    ];
  }
  if (isOpen && key.expiresAt !== undefined) {
    return [
      "the key has an end, so calls of this machine without a key still come from an operator: the first key " +
        "of an operator without an end changes that",
    ];
  }
  return [];
}

export function createKeyCalls(parts: AdministrationParts): KeyCalls {
  const { clock, known, randomBytes, registry, store, writer } = parts;
  const isOpen = (index: CallerIndex): boolean =>
    parts.isLocalOperator() && index.lastingOperators === 0;

  /** `stored`: when each was last used by any replica. */
  function views(
    keys: readonly IndexedKey[],
    stored: readonly (number | undefined)[],
  ): readonly KeyView[] {
    const now = clock.wallTime();
    return keys.map((key, at) => keyView(key, later(stored[at], lastUseOf(key)), now));
  }

  function view(key: StoredKey): KeyView {
    return keyView(key, undefined, clock.wallTime());
  }

  return {
    async keys(caller) {
      const index = await latest(parts);
      if (known.callers.has(caller)) throw configured("caller", caller);
      if (!index.callers.has(caller)) {
        throw noCaller(caller, known.callers.keys(), index.callers.keys());
      }
      const keys = index.keysOf(caller);
      return views(keys, await fromStore(store.lastUses(keys.map(({ prefix }) => prefix))));
    },

    async createKey(caller, lifetimeMs) {
      const { key, secret, wasOpen } = await writer.change((index) => {
        changeable(index, known, caller);
        checkRoom(index.keys.size, MAX_KEYS, "keys");
        const own = index.keysOf(caller).length;
        checkRoom(own, MAX_KEYS_OF_CALLER, `keys of ${caller}`);
        let made = callerKeyOf(randomBytes(KEY_BYTES));
        while (index.keys.has(prefixOf(made))) made = callerKeyOf(randomBytes(KEY_BYTES));
        const now = clock.wallTime();
        const stored: StoredKey = {
          prefix: prefixOf(made),
          caller,
          sha256: hash("sha256", made),
          createdAt: now,
          expiresAt: lifetimeMs === undefined ? undefined : now + lifetimeMs,
        };
        const answer = { key: stored, secret: made, wasOpen: isOpen(index) };
        return { changes: [keyChange(stored)], answer };
      });
      const warnings = closingWarnings(wasOpen, isOpen(registry.index), key);
      return { made: { key: view(key), secret }, warnings };
    },

    async revokeKey(prefix, isForced) {
      if (!isKeyPrefix(prefix)) {
        const description = "not a prefix of a key; `steer keys list CALLER` shows the prefixes";
        throw invalidField("prefix", description);
      }
      const key = await writer.change((index) => {
        const found = index.keys.get(prefix);
        if (found === undefined) throw noKey(prefix);
        const { caller, expiresAt } = found;
        const isLasting = ({ expiresAt: end }: StoredKey): boolean => end === undefined;
        const isLast =
          expiresAt === undefined && index.keysOf(caller).filter(isLasting).length === 1;
        if (isLast && !isForced) checkLastOperator(index, known, caller);
        return { changes: [deletion("key", prefix)], answer: found };
      });
      const keysLeft = registry.index.keysOf(key.caller).length;
      // The key is revoked by now, whatever is known of its uses.
      const stored = await store.lastUses([prefix]).catch(() => []);
      await store.forgetUses([prefix]).catch(ignoreOutage);
      const [seen] = views([key], stored);
      return { key: seen ?? view(key), keysLeft };
    },
  };
}
