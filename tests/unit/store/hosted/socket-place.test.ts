import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import { openStores } from "../../../../src/open-stores.ts";
import { serveStores } from "../../../../src/serve-stores.ts";
import { openSocketPlace } from "../../../../src/store/hosted/socket-place.ts";
import { startStoreHost } from "../../../support/store-host.ts";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "places-"));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

it("only this user can open the socket, whatever the umask is", async () => {
  const inner = await openStores({ type: "memory", maxBytes: 1024 * 1024 }, systemClock);
  const before = process.umask(0);
  try {
    const log = (): void => {};
    const served = await serveStores({ stores: inner, clock: systemClock, log, folder: parent });
    const { path } = served.address;
    expect(path.startsWith(parent)).toBe(true);
    expect([modeOf(join(path, "..")), modeOf(path)]).toEqual(["700", "600"]);
    await served.close();
    expect(existsSync(join(path, ".."))).toBe(false);
  } finally {
    process.umask(before);
  }
});

it("a path that no socket can have is replaced by one in the folder of temporary files", async () => {
  const deep = join(parent, "x".repeat(100));
  mkdirSync(deep);
  const place = await openSocketPlace(deep);
  expect(place.path.startsWith(join(tmpdir(), "steer-stores-"))).toBe(true);
  const server = createServer().listen(place.path);
  await once(server, "listening");
  server.close();
  place.remove();
});

it("the place of a killed process is removed, and that of a living one is not", async () => {
  await using living = await startStoreHost({ folder: parent });
  const killed = await startStoreHost({ folder: parent });
  await killed.kill();
  expect(existsSync(killed.path)).toBe(true);
  const place = await openSocketPlace(parent);
  expect(existsSync(killed.path)).toBe(false);
  expect(existsSync(living.path)).toBe(true);
  place.remove();
});
