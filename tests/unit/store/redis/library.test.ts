import { SimpleError } from "@redis/client";
import { describe, expect, it } from "vitest";
import type { Reply } from "../../../../src/store/redis/client.ts";
import type { RedisConnection } from "../../../../src/store/redis/connection.ts";
import { createRedisLibrary } from "../../../../src/store/redis/library.ts";
import { STREAM_FUNCTIONS } from "../../../../src/streams/redis/stream-store.ts";

const MISSING = new SimpleError("ERR Function not found");
const NO_MEMORY = new SimpleError("OOM command not allowed when used memory > 'maxmemory'.");
const FORBIDDEN = new SimpleError("NOPERM this user has no permissions");
const ABSENT = "{steer}:none";

/** A library over a connection that answers in turn; the last answer is that to all further ones. */
function libraryOf(...answers: readonly (Reply | Error)[]) {
  return libraryFrom(STREAM_FUNCTIONS, answers);
}

function libraryFrom(files: readonly URL[], answers: readonly (Reply | Error)[]) {
  const sent: (readonly (string | Buffer)[])[] = [];
  const connection: RedisConnection = {
    async send(args) {
      sent.push(args);
      const answer = answers[Math.min(sent.length, answers.length) - 1] ?? null;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    subscribe: async () => {},
    unsubscribe: async () => {},
    close() {},
  };
  const words = (): string[] =>
    sent.map((args) =>
      args
        .slice(0, 2)
        .join(" ")
        .replace(/steer_[0-9a-f]{12}_/, ""),
    );
  return { library: createRedisLibrary(connection, files), sent, words };
}

describe("a function of the library", () => {
  it("is called with the key of its stream, and with one that no node has", async () => {
    const { library, sent } = libraryOf(7);
    expect(await library.call("append", "{steer}:s:s.1:h", ["a", "b"])).toBe(7);
    expect(await library.call("orphans", "", ["10"])).toBe(7);
    const [[, name = ""] = []] = sent;
    expect(name).toMatch(/^steer_[0-9a-f]{12}_append$/);
    expect(sent).toEqual([
      ["FCALL", name, "2", "{steer}:s:s.1:h", ABSENT, "a", "b"],
      ["FCALL", String(name).replace("append", "orphans"), "1", ABSENT, "10"],
    ]);
  });

  it("is loaded where it is missing, under the version of its text, and called again", async () => {
    const { library, sent, words } = libraryOf(MISSING, "OK" as unknown as Reply, 7);
    expect(await library.call("read", "", [])).toBe(7);
    expect(words()).toEqual(["FCALL read", "FUNCTION LOAD", "FCALL read"]);
    const [call = [], load = []] = sent;
    expect(load.slice(0, 3)).toEqual(["FUNCTION", "LOAD", "REPLACE"]);
    const version = /^steer_([0-9a-f]{12})_/.exec(String(call[1]))?.[1];
    const code = String(load[3]);
    expect(code.startsWith(`#!lua name=steer_${version}\n`)).toBe(true);
    expect(code).not.toContain("VERSION");
    for (const name of ["create", "append", "read", "claim", "reap", "open_session"]) {
      expect(code).toContain(`register('${name}'`);
    }
  });

  it("has another name than that of another tenant, which begins with the same words", async () => {
    const loadedOf = async (files: readonly URL[]) => {
      const { library, sent } = libraryFrom(files, [MISSING, 1, 7]);
      await library.call("count", "", []);
      const code = String(sent[1]?.[3]);
      return { name: code.split("\n", 1)[0], alive: code.includes("local function is_alive(") };
    };
    const [streams, other] = [await loadedOf(STREAM_FUNCTIONS), await loadedOf([])];
    expect(streams.name).not.toBe(other.name);
    expect([streams.alive, other.alive]).toEqual([true, true]);
  });

  it("is loaded once for all that miss it at a time, and again when it is missing again", async () => {
    const { library, words } = libraryOf(MISSING, MISSING, 1, 7, 7, MISSING, 1, 7);
    await Promise.all([library.call("read", "", []), library.call("heads", "", [])]);
    await library.call("read", "", []);
    const loads = words().filter((each) => each === "FUNCTION LOAD");
    expect([loads.length, words().length]).toEqual([2, 8]);
  });

  it("is missed for good where it is missing after that, or cannot be loaded", async () => {
    const lost = { name: "StoreUnavailable", trouble: { cause: "script", code: "ERR" } };
    await expect(libraryOf(MISSING, 1, MISSING).library.call("read", "", [])).rejects.toMatchObject(
      lost,
    );
    await expect(libraryOf(MISSING, FORBIDDEN).library.call("read", "", [])).rejects.toMatchObject({
      name: "StoreUnavailable",
      trouble: { cause: "other", code: "NOPERM" },
    });
    const { library, words } = libraryOf(FORBIDDEN);
    await expect(library.call("read", "", [])).rejects.toMatchObject({ outcome: "not-applied" });
    await expect(library.callOr("create_full", "create", "", [])).rejects.toMatchObject({
      trouble: { cause: "other", code: "NOPERM" },
    });
    expect(words()).toEqual(["FCALL read", "FCALL create"]);
  });
});

describe("a step that needs memory", () => {
  const full = { name: "StoreUnavailable", outcome: "not-applied", trouble: { cause: "full" } };

  it("is answered by the one that needs none, where there is none", async () => {
    const answer = [Buffer.from("repeated"), 5];
    const { library, words, sent } = libraryOf(NO_MEMORY, answer);
    expect(await library.callOr("append_full", "append", "k", ["a"])).toBe(answer);
    expect(words()).toEqual(["FCALL append", "FCALL append_full"]);
    expect(sent[1]?.slice(2)).toEqual(sent[0]?.slice(2));
    const plain = libraryOf(7);
    expect(await plain.library.callOr("append_full", "append", "k", ["a"])).toBe(7);
    expect(plain.words()).toEqual(["FCALL append"]);
  });

  it("says that the store is full where that one has no answer", async () => {
    const { library } = libraryOf(NO_MEMORY, [Buffer.from("full")]);
    await expect(library.callOr("append_full", "append", "k", [])).rejects.toMatchObject({
      ...full,
      trouble: { cause: "full", code: "OOM" },
    });
    // A number is an answer.
    expect(await libraryOf(NO_MEMORY, 1).library.callOr("a_full", "a", "", [])).toBe(1);
    await expect(libraryOf(NO_MEMORY).library.call("append", "k", [])).rejects.toMatchObject(full);
  });
});
