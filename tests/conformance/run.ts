// One protocol through the suite, and what its lists say about the rest.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { Suite } from "./suite.ts";

const SERVER = join(import.meta.dirname, "server.ts");

export interface Protocol {
  readonly name: string;
  readonly listener: "grpc" | "http";
  /** Of the files with its features and its known failures. */
  readonly file: string;
}

/** A comment of a list, with what it stands before. */
export interface Reason {
  readonly text: string;
  readonly lines: readonly string[];
}

export interface Figures {
  readonly passed: number;
  readonly failed: number;
  /** Fail, as the list says that they do. */
  readonly known: number;
  /** Cases of the suite for features that are off. */
  readonly notApplicable: number;
  readonly output: string;
}

/** Comments of a file and the lines after each, up to the next one. */
export function reasonsIn(file: string): Reason[] {
  const path = join(import.meta.dirname, file);
  if (!existsSync(path)) return [];
  const reasons: { text: string; lines: string[] }[] = [];
  let isComment = false;
  for (const line of readFileSync(path, "utf8")
    .split("\n")
    .map((each) => each.trim())) {
    const last = reasons.at(-1);
    if (!line.startsWith("#")) {
      if (line !== "") last?.lines.push(line);
      isComment = false;
      continue;
    }
    const text = line.replace(/^#\s*/, "");
    if (isComment && last !== undefined) last.text += ` ${text}`;
    else reasons.push({ text, lines: [] });
    isComment = true;
  }
  return reasons;
}

/** Everything it prints. */
function runSuite(suite: Suite, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(suite.command, ["--mode", "server", "-v", ...args]);
    let output = "";
    const collect = (bytes: Buffer): void => {
      output += bytes.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", reject);
    child.once("close", () => resolve(output));
  });
}

function numberIn(output: string, pattern: RegExp): number | undefined {
  const [, digits] = pattern.exec(output) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * How many cases the suite has for a protocol with the features that it takes for granted, and
 * those that it does not and Steer has. The server never starts, so nothing is run.
 */
async function countAll(suite: Suite, config: string): Promise<number> {
  const { features } = parse(readFileSync(config, "utf8")) as {
    readonly features: { readonly protocols: unknown; readonly compressions: unknown };
  };
  const { protocols, compressions } = features;
  const folder = mkdtempSync(join(tmpdir(), "steer-conformance-"));
  try {
    const whole = join(folder, "whole.yaml");
    const all = { protocols, compressions, supports_tls_client_certs: true };
    writeFileSync(whole, stringify({ features: all }));
    const output = await runSuite(suite, ["--conf", whole, "--", "false"]);
    const count = numberIn(output, /Computed (\d+) test case permutation/);
    if (count === undefined) throw new Error(`the suite counts no cases:\n${output}`);
    return count;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function runProtocol(suite: Suite, protocol: Protocol): Promise<Figures> {
  const config = join(import.meta.dirname, `${protocol.file}.yaml`);
  const list = join(import.meta.dirname, `${protocol.file}.known-failing`);
  const output = await runSuite(suite, [
    ...["--conf", config],
    ...(existsSync(list) ? ["--known-failing", `@${list}`] : []),
    ...["--", process.execPath, SERVER],
    ...[protocol.listener, suite.image, suite.headers.join(",")],
  ]);
  const passed = numberIn(output, /^(\d+) passed/m);
  if (passed === undefined) throw new Error(`the suite did not come to its end:\n${output}`);
  const failed = numberIn(output, /passed, (\d+) failed/) ?? 0;
  const lost = numberIn(output, /Another (\d+) could not be run/) ?? 0;
  const known = numberIn(output, /Another (\d+) failed as expected/) ?? 0;
  const all = await countAll(suite, config);
  const notApplicable = all - passed - failed - lost - known;
  return { passed, failed: failed + lost, known, notApplicable, output };
}
