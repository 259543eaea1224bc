import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach } from "vitest";
import { createSqliteStore } from "../../src/streams/sqlite-store.ts";
import type { StreamStore } from "../../src/streams/stream-store.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { LONG_MS } from "./stored-streams.ts";

/** A process that appends until it is killed. */
export const SQLITE_WRITER = fileURLToPath(new URL("./sqlite-writer.ts", import.meta.url));

export interface SqliteFile {
  readonly path: string;
  readonly folder: string;
  readonly clock: ManualClock;
  /** Opens the store of this file with a session; closed after the test. */
  open(options?: { readonly maxBytes?: number; readonly path?: string }): Promise<StreamStore>;
}

/** A path without a file for each test, and a clock that stands still. */
export function useSqliteFile(): () => SqliteFile {
  let current: SqliteFile | undefined;
  let opened: StreamStore[] = [];
  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), "steer-sqlite-"));
    const path = join(folder, "streams.db");
    const clock = createManualClock();
    const open: SqliteFile["open"] = async (options) => {
      const store = await createSqliteStore({ clock, path, maxBytes: undefined, ...options });
      opened.push(store);
      await store.openSession("session-a", LONG_MS);
      return store;
    };
    current = { path, folder, clock, open };
  });
  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
    opened = [];
    if (current !== undefined) rmSync(current.folder, { recursive: true });
  });
  return () => {
    if (current === undefined) throw new Error("no test is running");
    return current;
  };
}
