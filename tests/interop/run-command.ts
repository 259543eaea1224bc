import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Command } from "./language.ts";

export const ROOT = join(import.meta.dirname, "../..");

const PATH = [join(ROOT, "node_modules/.bin"), process.env["PATH"] ?? ""].join(delimiter);

export interface Result {
  /** Null: ended by a signal, or not startable. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  readonly isTimedOut: boolean;
}

/** Most output of one stream that is kept. */
const MAX_OUTPUT = 1024 * 1024;

export const isOnPath = (command: string): boolean =>
  PATH.split(delimiter).some((folder) => existsSync(join(folder, command)));

/** Runs a command to its end, or for `limitMs`; then it is killed with its children. */
export function runCommand(
  { command, args, cwd, env }: Command,
  more: Readonly<Record<string, string>>,
  limitMs: number,
): Promise<Result> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: join(ROOT, cwd),
      env: { ...process.env, PATH, ...env, ...more },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that what it has started ends with it.
      detached: true,
    });
    let stdout = "";
    let stderr = "";
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, limitMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (stdout.length < MAX_OUTPUT) stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (stderr.length < MAX_OUTPUT) stderr += text;
    });
    const finish = (code: number | null): void => {
      clearTimeout(timer);
      const seconds = (performance.now() - started) / 1000;
      resolve({ code, stdout, stderr, seconds, isTimedOut });
    };
    child.once("error", (error) => {
      stderr += error.message;
      finish(null);
    });
    child.once("close", finish);
  });
}

/** Why a result is no success; undefined: it is one. */
export function failureOf(result: Result): string | undefined {
  if (result.isTimedOut) return `still running after ${result.seconds.toFixed(0)} s`;
  return result.code === 0 ? undefined : `exit code ${result.code}`;
}
