// The suite as its Go module has it: program, descriptors of its service, headers of its cases.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

export const VERSION = "v1.0.7";

const ROOT = join(import.meta.dirname, "../..");
const MODULE = "connectrpc.com/conformance";
const CASES = "internal/app/connectconformance/testsuites/data";

export interface Suite {
  readonly command: string;
  /** Descriptor set of the suite's own protos. */
  readonly image: string;
  /** Names of the request headers that its cases send. */
  readonly headers: readonly string[];
}

interface CaseFile {
  readonly testCases: readonly {
    readonly request: { readonly requestHeaders?: readonly { readonly name: string }[] };
  }[];
}

function headersOf(folder: string): string[] {
  const names = readdirSync(folder).flatMap((file) => {
    const { testCases } = parse(readFileSync(join(folder, file), "utf8")) as CaseFile;
    return testCases.flatMap(({ request }) => request.requestHeaders ?? []);
  });
  return [...new Set(names.map(({ name }) => name.toLowerCase()))].sort();
}

/** Installs the pinned version once; a second call takes what is there. Needs `go`. */
export function installSuite(): Suite {
  const folder = join(ROOT, "node_modules/.cache/steer/conformance", VERSION);
  const command = join(folder, "connectconformance");
  const image = join(folder, "conformance.binpb");
  mkdirSync(folder, { recursive: true });
  const go = (args: readonly string[]): string =>
    execFileSync("go", args, {
      cwd: folder,
      env: { ...process.env, GOBIN: folder },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
  if (!existsSync(command)) go(["install", `${MODULE}/cmd/connectconformance@${VERSION}`]);
  const { Dir } = JSON.parse(go(["mod", "download", "-json", `${MODULE}@${VERSION}`])) as {
    readonly Dir: string;
  };
  if (!existsSync(image)) {
    const buf = join(ROOT, "node_modules/.bin/buf");
    execFileSync(buf, ["build", join(Dir, "proto"), "-o", image], { stdio: "inherit" });
  }
  return { command, image, headers: headersOf(join(Dir, CASES)) };
}
