// Keys of providers that are read from files, and change while calls run.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../src/domain/error-table.ts";
import { type ReloadableStack, startReloadableStack } from "../support/reloadable-stack.ts";
import { eventually } from "../support/stack.ts";

/** Longer than the time between two looks at the files. */
const LOOK_MS = 11_000;

let folder: string;
let file: string;
let on: ReloadableStack;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "steer-keys-"));
  file = join(folder, "key");
  writeFileSync(file, "key-1\n");
  on = await startReloadableStack({ keyFile: file });
});

afterEach(async () => {
  await on[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const keys = () => on.upstream.requests.map(({ headers }) => headers.authorization);
const lines = (event: string) => on.log.filter((line) => line["event"] === event);

/** The next look at the files has been taken, and a reload of its own has ended. */
async function look(): Promise<void> {
  await on.clock.advance(LOOK_MS);
}

describe("field:X15: a key in a file", () => {
  it("is sent, and its change is taken over without a signal, once", async () => {
    await on.generate();
    writeFileSync(file, "key-2\n");
    await look();
    await eventually(() => lines("reloaded").length > 0);
    await on.generate();
    expect(keys()).toEqual(["Bearer key-1", "Bearer key-2"]);
    for (let looks = 0; looks < 5; looks++) await look();
    expect(lines("reloaded")).toMatchObject([{ cause: "api_key_file" }]);
  });

  it("is read again by a signal, which the next look does not repeat", async () => {
    writeFileSync(file, "key-2\n");
    await on.reload({ keyFile: file });
    await on.generate();
    await look();
    expect(keys()).toEqual(["Bearer key-2"]);
    expect(lines("reloaded")).toMatchObject([{ cause: "signal" }]);
  });

  it("changes by a link in the folder above, as Kubernetes does", async () => {
    const version = (name: string, key: string): void => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "key"), key);
      symlinkSync(name, join(folder, "..new"));
      renameSync(join(folder, "..new"), join(folder, "..data"));
    };
    version("v1", "key-1");
    rmSync(file);
    symlinkSync("..data/key", file);
    await look();
    expect(lines("reloaded")).toEqual([]);
    version("v2", "key-2");
    await look();
    await eventually(() => lines("reloaded").length > 0);
    await on.generate();
    expect(keys()).toEqual(["Bearer key-2"]);
  });

  it("changes while a call waits for a retry, which keeps the key that it began with", async () => {
    await on.clock.advance(9_000);
    const failure = { attempt: 1, status: 503, headers: { "retry-after-ms": "2500" } };
    const call = on.generate({ faults: [failure] });
    await on.received(1);
    writeFileSync(file, "key-2");
    await on.clock.advance(1_100);
    await eventually(() => lines("reloaded").length > 0);
    await on.generate();
    expect(await on.settled(call)).not.toBe("");
    expect(keys()).toEqual(["Bearer key-1", "Bearer key-2", "Bearer key-1"]);
  });

  it("is read again when the provider refuses it, and the request is sent once more", async () => {
    writeFileSync(file, "key-2");
    const refused = { attempt: 1, status: 401 };
    expect(await on.generate({ faults: [refused] })).not.toBe("");
    await on.generate();
    expect(keys()).toEqual(["Bearer key-1", "Bearer key-2", "Bearer key-2"]);
    expect(lines("reloaded")).toEqual([]);
    // The next look takes over the key as it does any other.
    await look();
    await eventually(() => lines("reloaded").length > 0);
    await on.generate();
    expect(keys().at(-1)).toBe("Bearer key-2");
  });

  it.each([
    ["the same", () => {}],
    ["missing", () => rmSync(file)],
  ])("that is refused and %s is not sent again", async (_name, change) => {
    change();
    const call = on.generate({ faults: [{ attempt: 1, status: 401 }] });
    await expect(call).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION });
    expect(keys()).toEqual(["Bearer key-1"]);
  });

  it.each([
    ["missing", () => rmSync(file), "cannot be read (ENOENT)"],
    ["empty", () => writeFileSync(file, "\n"), "is empty"],
    ["not a line", () => writeFileSync(file, "key-2\nkey-3"), "holds no key of one line"],
  ])("that is %s leaves the one before in use, and is told of once", async (_name, spoil, why) => {
    spoil();
    for (let looks = 0; looks < 3; looks++) await look();
    await on.generate();
    expect(keys()).toEqual(["Bearer key-1"]);
    const [failed, ...more] = lines("reload failed");
    expect(more).toEqual([]);
    expect(failed).toMatchObject({ cause: "api_key_file" });
    expect(failed?.["message"]).toContain(`provider one: api_key_file: ${file} ${why}`);
    expect(JSON.stringify(on.log)).not.toContain("key-");
    // A signal fails as well, and says where in the configuration the file is named.
    await on.reload({ keyFile: file, one: "2" });
    expect(lines("reload failed").at(-1)?.["message"]).toMatch(
      /steer\.yaml:3: providers\[0\]\.api/,
    );
    await on.generate();
    expect(on.versions().at(-1)).toBe("1");
    writeFileSync(file, "key-4");
    await look();
    await eventually(() => lines("reloaded").length > 0);
    await on.generate();
    expect(keys().at(-1)).toBe("Bearer key-4");
  });
});
