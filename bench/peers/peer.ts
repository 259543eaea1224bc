import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** The command that starts a peer. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Where a peer is installed, what it calls, and where it listens. */
export interface Place {
  readonly folder: string;
  readonly upstream: string;
  readonly port: number;
}

/** Another gateway that the package registries have. It answers the Chat dialect on a port of the loopback address. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  /** Installs the pinned version into the folder. Throws `NotInstalled`. */
  install(folder: string): void;
  command(place: Place): Command;
  /** Headers that its requests need. */
  headers(upstream: string): Readonly<Record<string, string>>;
}

/** The peer cannot be had here. The message is the reason. */
export class NotInstalled extends Error {}

const INSTALL_MS = 600_000;

function run(folder: string, program: string, args: readonly string[]): void {
  // The installers' own words go to the terminal and not into a result: they name registries.
  const { status, error } = spawnSync(program, args, {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    timeout: INSTALL_MS,
  });
  if (status === 0) return;
  const reason = error === undefined ? `ended with ${status}` : "could not be run to its end";
  throw new NotInstalled(`${program} ${args[0]} ${reason}`);
}

/** Installs what the folder's package.json lists; no script of a package runs. */
export function installFromNpm(folder: string): void {
  run(folder, "npm", [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ]);
}

/** Installs a requirement into a virtual environment of its own. Returns nothing; its programs are in `bin/`. */
export function installFromPyPi(folder: string, requirement: string): void {
  run(folder, "python3", ["-m", "venv", folder]);
  run(folder, join(folder, "bin/pip"), ["install", "--quiet", requirement]);
}
