// What `npm run pack` makes with the toolchain that is always here, and what it says without another one.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const { version } = manifest;
const ROOT = join(import.meta.dirname, "../..");

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "steer-pack-test-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Some umask of a machine. */
const STRICT = 'umask 077; exec "$0" "$@"';

function pack(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  shell: readonly string[] = [],
) {
  const [file = "", ...more] = [...shell, process.execPath, "tools/pack.mjs", ...args];
  const { status, stdout, stderr } = spawnSync(file, more, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { status, output: stdout + stderr };
}

/** The files by their checksums' lines. */
function sums(out: string): ReadonlyMap<string, string> {
  const lines = readFileSync(join(out, "SHA256SUMS"), "utf8").trimEnd().split("\n");
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

function filesOf(out: string): readonly string[] {
  return readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1))
    .toSorted();
}

/** Only what is looked for on PATH. */
function pathOf(...commands: readonly string[]): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const command of commands) {
    const { stdout } = spawnSync("sh", ["-c", `command -v ${command}`], { encoding: "utf8" });
    symlinkSync(stdout.trim(), join(bin, command));
  }
  return bin;
}

describe("npm run pack", () => {
  it("makes the same bytes again, whatever the umask, and a checksum of each file", () => {
    const shells = { first: [], second: ["sh", "-c", STRICT] };
    const made = Object.entries(shells).map(([name, shell]) => {
      const out = join(folder, name);
      const { status, output } = pack(["--out", out, "--only", "typescript"], {}, shell);
      expect(status, output).toBe(0);
      for (const file of sums(out).keys()) expect(output).toContain(`made      ${file} (`);
      return out;
    });
    const [first, second] = made.map(sums);
    expect(second).toEqual(first);
    expect([...(first?.keys() ?? [])]).toEqual([
      `steer-${version}.binpb`,
      `typescript/steer-gateway-client-${version}.tgz`,
      `typescript/steer-gateway-stubs-${version}.tgz`,
    ]);
    const out = made[0] ?? "";
    for (const [file, sum] of sums(out)) {
      const bytes = readFileSync(join(out, file));
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(sum);
    }
    expect(filesOf(out)).toEqual(["SHA256SUMS", ...sums(out).keys()]);
  });

  it("says how to get a toolchain that is missing, and makes the rest", () => {
    const out = join(folder, "out");
    const env = { PATH: pathOf("git", "npm") };
    const { status, output } = pack(["--out", out, "--only", "java", "typescript"], env);
    expect(output).toMatch(
      /^NOT MADE {2}java: javac and mvn not found\. `apt-get install openjdk/m,
    );
    expect(output).toContain(`made      typescript/steer-gateway-client-${version}.tgz`);
    expect([...sums(out).keys()].some((file) => file.startsWith("java/"))).toBe(false);
    expect(status).toBe(1);
  });

  it("removes what an earlier run has made, and no other file", () => {
    const out = join(folder, "out");
    mkdirSync(join(out, "java"), { recursive: true });
    const outside = join(folder, "outside");
    for (const file of [join(out, "java/old.jar"), join(out, "java/mine"), outside]) {
      writeFileSync(file, "");
    }
    const sum = "0".repeat(64);
    writeFileSync(join(out, "SHA256SUMS"), `${sum}  java/old.jar\n${sum}  ../outside\n`);
    const { status, output } = pack(["--out", out, "--only", "java"], { PATH: pathOf("git") });
    expect(status, output).toBe(1);
    expect(filesOf(out)).toEqual(["SHA256SUMS", "java/mine", `steer-${version}.binpb`]);
    expect(existsSync(outside)).toBe(true);
  });

  it("refuses a language that it does not know", () => {
    const { status, output } = pack(["--out", join(folder, "out"), "--only", "cobol"]);
    expect(output).toContain("usage: npm run pack");
    expect(status).toBe(2);
    expect(existsSync(join(folder, "out"))).toBe(false);
  });
});
