// An artifact that is not as it should be, each in one way.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const SOURCE = "gen/es";

interface Artifact {
  readonly file: string;
  readonly root?: string;
  readonly contents?: RegExp;
  readonly source?: string;
  readonly license?: string;
  readonly readme?: string;
  readonly manifest?: string;
  readonly tells?: RegExp;
}

interface Place {
  readonly out: string;
  readonly version: string;
  readonly places: readonly string[];
}

const { problemsOf }: { problemsOf: (artifact: Artifact, place: Place) => readonly string[] } =
  await import(join(ROOT, "tools/pack/problems.mjs"));

const ARTIFACT: Artifact = {
  file: "package.tgz",
  root: "package/",
  contents: /^(?:package\.json|LICENSE|README\.md|steer\/[\w/]+\.js)$/,
  source: SOURCE,
  license: "LICENSE",
  readme: "README.md",
  manifest: "package.json",
  tells: /"version": "(.*?)"/,
};
/** Longer than the field of a tar's header that has a name. */
const LONG = `steer/${"long/".repeat(30)}name.js`;

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "steer-problems-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

const write = (file: string, content: string): void => {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), content);
};

/** The problems of a sound package with other files laid over it; undefined: without that file. */
function problemsWith(files: Readonly<Record<string, string | undefined>>, format = "gnu") {
  for (const name of ["LICENSE", "README.md"]) {
    mkdirSync(join(folder, "package"), { recursive: true });
    cpSync(join(ROOT, SOURCE, name), join(folder, "package", name));
  }
  write("package/package.json", '{"version": "1.2.3"}');
  write(`package/${LONG}`, "export {};");
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) rmSync(join(folder, "package", name));
    else write(`package/${name}`, content);
  }
  execFileSync("tar", ["-czf", "package.tgz", `--format=${format}`, "package"], { cwd: folder });
  return problemsOf(ARTIFACT, { out: folder, version: "1.2.3", places: ["/home/me/"] });
}

it.each(["gnu", "pax", "ustar"])(
  "none where the package is sound, in a tar of the kind %s",
  (format) => {
    expect(problemsWith({}, format)).toEqual([]);
  },
);

it.each<[what: string, files: Readonly<Record<string, string | undefined>>, problem: string]>([
  ["a test", { "steer/a.test.js": "" }, "package/steer/a.test.js does not belong there"],
  ["a file of a developer", { ".npmrc": "" }, "package/.npmrc does not belong there"],
  ["another licence", { LICENSE: "mine" }, "it lacks its LICENSE"],
  ["no licence", { LICENSE: undefined }, "it lacks its LICENSE"],
  ["another page", { "README.md": "# Other\n" }, "it lacks its README.md"],
  [
    "another version",
    { "package.json": '{"version": "1.2.4"}' },
    "it says version 1.2.4, not 1.2.3",
  ],
  ["no manifest", { "package.json": undefined }, "it says version undefined, not 1.2.3"],
  [
    "a folder of this machine",
    { "steer/a.js": "// from /home/me/steer" },
    "package/steer/a.js names /home/me/, a folder of this machine",
  ],
])("a package with %s", (_, files, problem) => {
  expect(problemsWith(files)).toEqual([`package.tgz: ${problem}`]);
});

it("a file beside its archive says the version too", () => {
  write("v1.2.3.info", '{"Version":"v1.2.4"}');
  const artifact = { file: "v1.2.3.info", tells: /"Version":"v([^"]+)"/ };
  expect(problemsOf(artifact, { out: folder, version: "1.2.3", places: [] })).toEqual([
    "v1.2.3.info: it says version 1.2.4, not 1.2.3",
  ]);
});
