import type { DatabaseSync } from "node:sqlite";
import { numberOf } from "./number-of.ts";

/** Pages that a row can cost beside its own bytes: its trees may split. */
const SPLITS = 8;
/** A part of the file that only the last events of streams may fill; and its upper bound in bytes. */
const RESERVED_PART = 1 / 8;
const MAX_RESERVED = 32 * 1024 * 1024;
/** SQLite's own bound: the disk's comes first. */
const UNBOUNDED_PAGES = 0xfffffffe;
/** Most streams that one call deletes to make room. */
const MAX_EVICTIONS = 64;

/**
 * Room in a file of bounded size: finished streams go first, running ones never.
 * `evict` deletes the one that ended the longest ago; false: there is none.
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
    /** Without an eviction. */
    isLeft: (): boolean => !isBounded || has(0, false),
    /** False: not even by evictions. */
    make(bytes: number, isEnding: boolean, now: number): boolean {
      if (!isBounded) return true;
      for (let evictions = 0; !has(bytes, isEnding); evictions++) {
        // A last event is tried in any case: the file itself says when it is full.
        if (evictions >= MAX_EVICTIONS || !evict(now)) return isEnding;
      }
      return true;
    },
  };
}
