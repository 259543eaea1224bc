import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Command, Language } from "../language.ts";

/** What is compiled is then the same wherever a module lies, and serves all of this. */
const TRIMMED = { GOFLAGS: "-trimpath -buildvcs=false -modcacherw" };

// What is built goes to a folder that git ignores.
const OUTPUT = ".cache/interop/go";

const built = (name: string): Command => ({
  command: `${OUTPUT}/${name}`,
  args: [],
  cwd: ".",
});

const build = (cwd: string, output: string, packages: string): Command => ({
  command: "go",
  args: ["build", "-o", output, packages],
  cwd,
  env: TRIMMED,
});

const goEnv = (name: string): string =>
  execFileSync("go", ["env", name], { encoding: "utf8" }).trim();

/** A cache of modules that has none of Steer, and gets the others from the machine's. */
function modulesOf(folder: string): Readonly<Record<string, string>> {
  const [machines, own] = [goEnv("GOMODCACHE"), join(folder, "modules")];
  const downloads = join(machines, "cache/download");
  mkdirSync(join(own, "cache/download"), { recursive: true });
  mkdirSync(join(downloads, "sumdb"), { recursive: true });
  symlinkSync(join(downloads, "sumdb"), join(own, "cache/download/sumdb"));
  return { GOMODCACHE: own, GOPROXY: `file://${downloads},${goEnv("GOPROXY")}` };
}

export const go: Language = {
  name: "go",
  needs: ["go"],
  debian: ["golang-go"],
  prepare: [
    build("tests/interop/go", `../../../${OUTPUT}/program`, "."),
    build("examples/go", `../../${OUTPUT}/`, "./..."),
    { command: "go", args: ["vet", "./..."], cwd: "clients/go", env: TRIMMED },
  ],
  vectors: { command: "go", args: ["test", "-count=1", "./..."], cwd: "clients/go", env: TRIMMED },
  program: built("program"),
  examples: {
    unary: built("unary"),
    stream: built("stream"),
    survive: built("survive"),
    tools: built("tools"),
    "json-patches": built("json-patches"),
    attempts: built("attempts"),
    cleanup: built("cleanup"),
  },
  page: {
    file: "docs/clients/go.md",
    another: "go get github.com/google/uuid@v1.6.0",
    env: (folder) => ({ ...TRIMMED, ...modulesOf(folder) }),
  },
  connect: true,
};
