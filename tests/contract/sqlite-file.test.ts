// The file of the SQLite store and its thread: killed, in use, damaged, foreign.
import { spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { canMount, mountDisk } from "../support/small-disk.ts";
import { SQLITE_WRITER, useSqliteFile } from "../support/sqlite-file.ts";
import { appendTo, logOf, newStream, success } from "../support/stored-streams.ts";

const current = useSqliteFile();

/** Lets a process append, and kills it after so many acknowledgements. */
async function writeAndKill(prefix: string, count: number): Promise<Map<string, number>> {
  const writer = spawn(process.execPath, [SQLITE_WRITER, current().path, prefix], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const acknowledged = new Map<string, number>();
  let lines = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    const [id = "", sequence] = line.split(" ");
    acknowledged.set(id, Number(sequence));
    if (++lines === count) writer.kill("SIGKILL");
  }
  if (writer.signalCode === null && writer.exitCode === null) await once(writer, "exit");
  expect(writer.signalCode).toBe("SIGKILL");
  return acknowledged;
}

function change(path: string, statement: string): void {
  const file = new DatabaseSync(path);
  file.exec(statement);
  file.close();
}

/** Overwrites the schema behind the header of the file. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 100, 4_096);
  writeFileSync(path, bytes);
}

describe("a process that is killed", () => {
  it("loses nothing that was acknowledged, and leaves orphans (F3)", async () => {
    for (const [round, count] of [200, 701, 1_402].entries()) {
      const acknowledged = await writeAndKill(`round${round}`, count);
      expect(acknowledged.size).toBe(20);
      const store = await current().open();
      const orphans = await store.orphans(1_000);
      for (const [id, sequence] of acknowledged) {
        const stream = orphans.find(({ streamId }) => streamId === id);
        expect(stream).toMatchObject({ isOwnerAlive: false, owner: "session-of-writer" });
        const tail = stream?.tail ?? 0;
        expect(tail).toBeGreaterThanOrEqual(sequence);
        const nonce = stream?.token.nonce;
        const expected = Array.from({ length: tail - 1 }, (_, i) => `event ${i + 2} of ${nonce}`);
        expect((await logOf(store, id)).slice(1)).toEqual(expected);

        const claimed = await store.claim(id, 1, { session: "session-a", nonce: 77 });
        expect(claimed).toMatchObject({ state: "claimed", stream: { tail } });
        const token = { epoch: 2, nonce: 77 };
        const last = appendTo({ streamId: id, token }, tail + 1, tail + 1, { ending: success });
        expect(await store.append(last)).toMatchObject({ state: "stored" });
      }
      expect(await store.orphans(1_000)).toEqual([]);
      await store.close();
    }
  });
});

it("a file of version 1, whose releases counted no hand-overs, goes on with its streams", async () => {
  const { path, open } = current();
  const first = await open();
  const stream = newStream();
  await first.create(stream);
  await first.close();
  change(
    path,
    `ALTER TABLE stream DROP COLUMN handOvers; ALTER TABLE stream DROP COLUMN keepsRequest;
     PRAGMA user_version = 1`,
  );
  const { streamId, token } = stream;
  for (const handOvers of [1, 2]) {
    const store = await open();
    const epoch = handOvers;
    const nonce = handOvers === 1 ? token.nonce : 70 + epoch;
    expect(await store.handOff(streamId, { epoch, nonce }, "planned")).toBe(true);
    expect((await store.heads([streamId]))[0]).toMatchObject({ handOvers, takeovers: 0 });
    const next = { session: "session-a", nonce: 71 + epoch };
    expect(await store.claim(streamId, epoch, next)).toMatchObject({ state: "claimed" });
    await store.close();
  }
});

it("a file of version 2, whose releases kept no request behind the end, goes on with its streams", async () => {
  const { path, open } = current();
  const first = await open();
  const before = newStream();
  await first.create(before);
  await first.close();
  change(path, "ALTER TABLE stream DROP COLUMN keepsRequest; PRAGMA user_version = 2");
  const store = await open();
  const kept = newStream({ keepsRequest: true });
  await store.create(kept);
  for (const stream of [before, kept]) {
    await store.append(appendTo(stream, 2, 2, { ending: success }));
  }
  expect(await store.loadRequest(before.streamId)).toBeUndefined();
  expect(await store.loadRequest(kept.streamId)).toBeDefined();
  await store.close();
});

describe("a file that cannot be used", () => {
  it("is another process's", async () => {
    const store = await current().open();
    // Looking at the file gives no lock away.
    await store.check();
    const second = spawn(process.execPath, [SQLITE_WRITER, current().path, "second"], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 15_000,
    });
    let message = "";
    second.stderr.on("data", (chunk) => {
      message += chunk;
    });
    const [code] = await once(second, "exit");
    expect(code).toBe(1);
    expect(message).toContain(`The stream store ${current().path} is in use by another process`);
    await expect(current().open()).rejects.toMatchObject({
      name: "StoreOpenError",
      failure: "in-use",
    });
    await store.create(newStream());
  });

  it.each([
    {
      what: "no database",
      make: (path: string) => writeFileSync(path, "no database ".repeat(1_000)),
      failure: "corrupt",
      detail: "is not a SQLite database",
    },
    {
      what: "damaged",
      make: damage,
      failure: "corrupt",
      detail: "is damaged: database disk image is malformed",
    },
    {
      what: "of a later version",
      make: (path: string) => change(path, "PRAGMA user_version = 99"),
      failure: "newer",
      detail: "has version 99, and this release knows 3: use a later one",
    },
    {
      what: "another application's",
      make: (path: string) => change(path, "PRAGMA application_id = 7"),
      failure: "foreign",
      detail: "is the database of another application",
    },
  ])("is $what", async ({ make, failure, detail }) => {
    const { path, open } = current();
    await (await open()).close();
    make(path);
    const before = readFileSync(path);
    const error = await open().catch((reason: unknown) => reason);
    const message = `The stream store ${path} ${detail}`;
    expect(error).toMatchObject({ name: "StoreOpenError", failure, message });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it.each([["."], ["none/streams.db"]])("is nowhere: %s", async (name) => {
    const path = join(current().folder, name);
    const error = await current()
      .open({ path })
      .catch((reason: unknown) => reason);
    const message = `The stream store ${path} cannot be opened: unable to open database file`;
    expect(error).toMatchObject({ name: "StoreOpenError", failure: "inaccessible", message });
  });

  it.skipIf(!canMount())("is on a disk that is read-only", async () => {
    const { folder, open } = current();
    const disk = mountDisk(folder, "4m");
    try {
      const path = join(disk.path, "streams.db");
      await (await open({ path })).close();
      disk.makeReadOnly();
      const error = await open({ path }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: "StoreOpenError", failure: "inaccessible" });
      expect(String(error)).toContain(path);
    } finally {
      disk.unmount();
    }
  });

  it("is private from its start", async () => {
    await current().open();
    expect(statSync(current().path).mode & 0o777).toBe(0o600);
    expect(statSync(`${current().path}-wal`).mode & 0o777).toBe(0o600);
  });
});

describe("a process that has nothing else to do", () => {
  it("waits for its answers and for the end of the store, and for nothing more", async () => {
    const store = new URL("../support/open-streams.ts", import.meta.url);
    const clock = new URL("../../src/clock.ts", import.meta.url);
    const program = `
      const { systemClock } = await import("${clock}");
      const { openSqliteStreams } = await import("${store}");
      const store = await openSqliteStreams({ clock: systemClock, path: process.argv[1] });
      const found = store.find("nobody", "nothing");
      if (process.argv[2] === "close") await store.close();
      await found;
      console.log("done");`;
    for (const how of ["close", "leave"]) {
      const args = ["--input-type=module", "--eval", program, current().path, how];
      const child = spawn(process.execPath, args, {
        stdio: ["ignore", "pipe", "inherit"],
        timeout: 15_000,
      });
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
      });
      const [code] = await once(child, "close");
      expect([how, code, output]).toEqual([how, 0, "done\n"]);
    }
  });
});

describe("a silence", () => {
  it("brings the write-ahead log into the file", async () => {
    const store = await current().open();
    const stream = newStream({ start: new Uint8Array(100_000) });
    await store.create(stream);
    const size = (): number => statSync(current().path).size;
    expect(size()).toBeLessThan(100_000);
    for (let turn = 0; turn < 400 && size() < 100_000; turn++) await delay(25);
    expect(size()).toBeGreaterThan(100_000);
  });
});

describe("a thread that dies", () => {
  it.each([
    ["is of a later version", "PRAGMA user_version = 99", "version", ""],
    ["is another's", "PRAGMA application_id = 7", "file-gone", "foreign"],
  ])(
    "and whose file %s meanwhile, is tried again once a second",
    async (_, statement, cause, code) => {
      const workers: Worker[] = [];
      const note = (message: unknown) => void workers.push((message as { worker: Worker }).worker);
      const { path, clock, open } = current();
      subscribe("worker_threads", note);
      const store = await open();
      await workers[0]?.terminate();
      change(path, statement);
      const trouble = { cause, code };
      const lost = { name: "StoreUnavailable", outcome: "not-applied", trouble };
      const ask = (): Promise<unknown> =>
        Promise.resolve(store.heads(["s.1"])).catch((error: unknown) => error);
      await clock.advance(1_000);
      expect(await ask()).toMatchObject({
        ...lost,
        message: "The thread of the stream store ended",
      });
      await clock.advance(999);
      const message = "The thread of the stream store is not running";
      expect(await ask()).toMatchObject({ ...lost, message });
      expect(workers).toHaveLength(2);
      await clock.advance(1);
      expect(await ask()).toMatchObject(lost);
      expect(workers).toHaveLength(3);
      const back = statement.replace(/= .*/, statement.includes("user") ? "= 3" : "= 1398031698");
      change(path, back);
      await clock.advance(1_000);
      expect(await ask()).toEqual([undefined]);
      unsubscribe("worker_threads", note);
      await store.close();
      expect(await ask()).toMatchObject({
        outcome: "not-applied",
        message: "The stream store is closed",
      });
    },
  );

  it("leaves its calls unknown, and is started anew with the same streams and sessions", async () => {
    const workers: Worker[] = [];
    const note = (message: unknown) => void workers.push((message as { worker: Worker }).worker);
    subscribe("worker_threads", note);
    const store = await current().open();
    const stream = newStream();
    await store.create(stream);
    await store.append(appendTo(stream, 2, 2));
    const died = once(workers[0] as Worker, "exit");
    void workers[0]?.terminate();
    const lost = await Promise.resolve(store.append(appendTo(stream, 3, 3))).catch(
      (error) => error,
    );
    expect(lost).toMatchObject({ name: "StoreUnavailable", outcome: "unknown" });
    await died;
    const again = await store.append(appendTo(stream, 3, 3));
    expect(again).toMatchObject({ tail: 3 });
    expect((await store.heads([stream.streamId]))[0]).toMatchObject({
      isOwnerAlive: true,
      tail: 3,
    });
    expect(workers).toHaveLength(2);
    unsubscribe("worker_threads", note);
  });
});
