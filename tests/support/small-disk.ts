// A real file system of a few MiB that a test can fill, and failing writes.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  /** Mount point. */
  readonly path: string;
  /** Fills the remaining room. */
  fill(): void;
  free(): void;
  makeReadOnly(): void;
  unmount(): void;
}

function run(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** `size` in the format of `mount`, for example `4m`. */
export function mountDisk(folder: string, size: string): SmallDisk {
  const path = join(folder, "disk");
  mkdirSync(path);
  if (!run("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path)) {
    throw new Error("this process may not mount a file system");
  }
  const other = join(path, "other");
  return {
    path,
    fill() {
      const { bavail, bsize } = statfsSync(path);
      try {
        writeFileSync(other, new Uint8Array(bavail * bsize));
      } catch (error) {
        // Another process took some of the room; the disk is still full.
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    },
    free: () => rmSync(other),
    makeReadOnly() {
      if (!run("mount", "-o", "remount,ro", path)) throw new Error("the disk is in use");
    },
    unmount: () => void run("umount", "-l", path),
  };
}

let isAllowed: boolean | undefined;

/** Only root may mount, and not in every container. */
export function canMount(): boolean {
  if (isAllowed !== undefined) return isAllowed;
  const folder = mkdtempSync(join(tmpdir(), "steer-disk-"));
  try {
    mountDisk(folder, "64k").unmount();
    isAllowed = true;
  } catch {
    isAllowed = false;
  }
  rmSync(folder, { recursive: true, force: true });
  return isAllowed;
}

/** Makes writes of this process beyond this size of a file fail; undefined: no limit. */
export function limitFiles(bytes: number | undefined): void {
  const limit = `--fsize=${bytes ?? "unlimited"}:`;
  if (!run("prlimit", "--pid", String(process.pid), limit)) throw new Error("prlimit has failed");
}

export function canLimitFiles(): boolean {
  return run("prlimit", "--pid", String(process.pid), "--fsize=unlimited:");
}
