import type { DatabaseSync } from "node:sqlite";
import { numberOf } from "./number-of.ts";

/** Pages that a row can need beside its own bytes, because its trees may split. */
const SPLITS = 8;
/** Part of the file that only the last events of streams may use, and the upper bound of this part in bytes. */
const RESERVED_PART = 1 / 8;
const MAX_RESERVED = 32 * 1024 * 1024;
/** Page limit of SQLite itself. The disk is full before. */
const UNBOUNDED_PAGES = 0xfffffffe;
/** Most streams that one call deletes to free space. */
const MAX_EVICTIONS = 64;

/**
 * Space in a file of bounded size. Ended streams are deleted first, running ones never. `evict` deletes the stream
 * that ended the longest ago; false: there is none.
 */
export function createRoom(db: DatabaseSync, evict: (now: number) => boolean) {
  const pageSize = numberOf(db.prepare("PRAGMA page_size").get());
  const maxPages = numberOf(db.prepare("PRAGMA max_page_count").get());
  const used = db.prepare("PRAGMA page_count");
  const free = db.prepare("PRAGMA freelist_count");
  const isBounded = maxPages < UNBOUNDED_PAGES;
  const reserved = Math.floor(Math.min(maxPages * RESERVED_PART, MAX_RESERVED / pageSize));

  function has(bytes: number, isEnding: boolean): boolean {
    const needed = Math.ceil(bytes / pageSize) + SPLITS + (isEnding ? 0 : reserved);
    return maxPages - numberOf(used.get()) + numberOf(free.get()) >= needed;
  }

  return {
    /** Whether space is left without an eviction. */
    isLeft: (): boolean => !isBounded || has(0, false),
    /** Makes room for `bytes`; false: evictions were not enough. */
    make(bytes: number, isEnding: boolean, now: number): boolean {
      if (!isBounded) return true;
      for (let evictions = 0; !has(bytes, isEnding); evictions++) {
        // A last event is written in any case, until the file itself is full.
        if (evictions >= MAX_EVICTIONS || !evict(now)) return isEnding;
      }
      return true;
    },
  };
}
