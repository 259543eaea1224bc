// A place for the host's socket that no other user can open.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longest path of a socket in bytes on every system. */
const MAX_PATH_BYTES = 103;
const FOLDER_PREFIX = "steer-stores-";
const SOCKET = "host.sock";
/** Most folders of ended processes that one start looks at. */
const MOST_LEFT_BEHIND = 64;

export interface SocketPlace {
  readonly path: string;
  /** Removes the folder with the socket. */
  remove(): void;
}

/** Whether the path fits. `mkdtemp` adds six characters. */
function fits(parent: string): boolean {
  return Buffer.byteLength(join(parent, `${FOLDER_PREFIX}xxxxxx`, SOCKET)) <= MAX_PATH_BYTES;
}

/** Whether the socket is there, and its process is not. */
function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}

/** Removes folders whose processes were killed. Those of other users refuse. */
async function removeAbandoned(parent: string): Promise<void> {
  const found = readdirSync(parent).filter((name) => name.startsWith(FOLDER_PREFIX));
  for (const name of found.slice(0, MOST_LEFT_BEHIND)) {
    const folder = join(parent, name);
    if (await isAbandoned(join(folder, SOCKET))) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A path in a fresh folder with the mode 0700, in `parent` or, if the path would be too long, in the folder of
 * temporary files. Rejects if no folder can be made there.
 */
export async function openSocketPlace(parent = tmpdir()): Promise<SocketPlace> {
  const base = [parent, tmpdir()].find(fits) ?? "/tmp";
  await removeAbandoned(base);
  const folder = mkdtempSync(join(base, FOLDER_PREFIX));
  return {
    path: join(folder, SOCKET),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
