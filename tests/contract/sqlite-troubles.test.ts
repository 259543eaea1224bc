// What happens to the file of the SQLite store, or to its disk, while it is open.
import { renameSync, statSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { refusal } from "../support/redis-in-test.ts";
import { canLimitFiles, canMount, limitFiles, mountDisk } from "../support/small-disk.ts";
import { useSqliteFile } from "../support/sqlite-file.ts";
import {
  appendTo,
  cleanupQuery,
  listQuery,
  logOf,
  newStream,
  stateOf,
  success,
} from "../support/stored-streams.ts";

const current = useSqliteFile();

/** What may happen to a file that is open, and whether it can be undone. */
const FILE_LOSSES = [
  { what: "deleted", lose: (path: string) => unlinkSync(path) },
  {
    what: "replaced",
    lose(path: string): void {
      unlinkSync(path);
      writeFileSync(path, "");
    },
  },
  { what: "overwritten", lose: (path: string) => writeFileSync(path, "no database ".repeat(99)) },
  { what: "cut to nothing", lose: (path: string) => truncateSync(path) },
  { what: "without its write-ahead log", lose: (path: string) => unlinkSync(`${path}-wal`) },
] as const;

describe("a file that is lost while it is open", () => {
  it.each(FILE_LOSSES)(
    "field:S18: takes nothing more, and is told of, where it is $what",
    async ({ lose }) => {
      const { path, open } = current();
      const store = await open();
      const stream = newStream();
      await store.create(stream);
      await store.check();
      lose(path);
      expect((await refusal(store.check())).trouble.cause).toBe("file-gone");
      expect(await stateOf(() => store.append(appendTo(stream, 2, 2)))).toBe("file-gone");
      expect(await stateOf(() => store.append(appendTo(stream, 2, 2, { ending: success })))).toBe(
        "file-gone",
      );
      expect(await stateOf(() => store.create(newStream()))).toBe("file-gone");
    },
  );

  it("takes no change of any kind, and answers questions", async () => {
    const { path, open } = current();
    const store = await open();
    const stream = newStream();
    const { streamId, token } = stream;
    await store.create(stream);
    renameSync(path, `${path}.away`);
    expect((await refusal(store.check())).trouble.cause).toBe("file-gone");
    const changes: Readonly<Record<string, () => unknown>> = {
      create: () => store.create(newStream()),
      append: () => store.append(appendTo(stream, 2, 2)),
      touchReaders: () => store.touchReaders([streamId]),
      requestCancel: () => store.requestCancel(streamId, "operator"),
      claim: () => store.claim(streamId, 1, { session: "session-b", nonce: 7 }),
      handOff: () => store.handOff(streamId, token, "planned"),
      reap: () => store.reap(0, 10),
      cleanup: () => store.cleanup(cleanupQuery()),
      discard: () => store.discard([streamId]),
    };
    for (const [name, change] of Object.entries(changes)) {
      const { trouble, message, outcome } = await refusal(Promise.resolve(change()));
      expect([name, trouble, outcome]).toEqual([
        name,
        { cause: "file-gone", code: "" },
        "not-applied",
      ]);
      expect(message).toContain("the file of the stream store was deleted or replaced");
    }
    expect(await store.find("nobody", "nothing")).toBeUndefined();
    expect(await store.heads([streamId])).toMatchObject([{ handedOff: false, readersSeenAt: 0 }]);
    expect(await store.orphans(10)).toEqual([]);
    expect((await store.list(listQuery())).streams).toHaveLength(1);
    expect(await logOf(store, streamId)).toHaveLength(1);
    expect(await store.loadRequest(streamId)).toBeDefined();
  });

  it("is used again when it is back under its name", async () => {
    const { path, open } = current();
    const store = await open();
    const stream = newStream();
    await store.create(stream);
    renameSync(path, `${path}.away`);
    expect((await refusal(store.check())).trouble.cause).toBe("file-gone");
    renameSync(`${path}.away`, path);
    await store.check();
    expect(await stateOf(() => store.append(appendTo(stream, 2, 2)))).toBe("stored");
  });
});

describe.skipIf(!canMount())("a disk that is full", () => {
  it.each(["create", "append", "end"])(
    "field:S5: is told of, loses nothing, and is used again when it has room: %s",
    async (what) => {
      const { folder, open } = current();
      const disk = mountDisk(folder, "4m");
      try {
        const store = await open({ path: join(disk.path, "streams.db") });
        const stream = newStream();
        await store.create(stream);
        await store.append(appendTo(stream, 2, 2));
        disk.fill();
        const bytes = new Uint8Array(64 * 1024);
        const batch = { first: 3, last: 3, writer: stream.token.nonce, events: [bytes] };
        const ask = {
          create: () => store.create(newStream({ streamId: "s.large", start: bytes })),
          append: () => store.append(appendTo(stream, 3, 3, { batch })),
          end: () => store.append(appendTo(stream, 3, 3, { batch, ending: success })),
        }[what];
        if (ask === undefined) throw new Error(what);
        for (let turn = 0; turn < 3; turn++) {
          expect(await stateOf(ask)).toBe("full");
          expect((await refusal(store.check())).trouble.cause).toBe("full");
        }
        expect(await logOf(store, stream.streamId)).toHaveLength(2);
        disk.free();
        await store.check();
        expect(["created", "stored"]).toContain(await stateOf(ask));
        await store.check();
        await store.close();
      } finally {
        disk.unmount();
      }
    },
  );
});

describe.skipIf(!canLimitFiles())("a disk that fails", () => {
  it.each(["create", "append", "end"] as const)(
    "is told of, loses nothing, and is used again when it writes again: %s",
    async (what) => {
      const store = await current().open();
      const stream = newStream();
      await store.create(stream);
      await store.append(appendTo(stream, 2, 2));
      const bytes = new Uint8Array(64 * 1024);
      const batch = { first: 3, last: 3, writer: stream.token.nonce, events: [bytes] };
      const ask = {
        create: () => store.create(newStream({ streamId: "s.large", start: bytes })),
        append: () => store.append(appendTo(stream, 3, 3, { batch })),
        end: () => store.append(appendTo(stream, 3, 3, { batch, ending: success })),
      }[what];
      const path = `${current().path}-wal`;
      // The system refuses the write as it refuses one that the disk fails.
      limitFiles(statSync(path).size);
      try {
        for (let turn = 0; turn < 3; turn++) {
          expect(await stateOf(ask)).toBe("io");
          expect((await refusal(store.check())).trouble.cause).toBe("io");
        }
        expect(await logOf(store, stream.streamId)).toHaveLength(2);
      } finally {
        limitFiles(undefined);
      }
      await store.check();
      expect(await stateOf(ask)).toBe(what === "create" ? "created" : "stored");
      await store.check();
    },
  );
});
