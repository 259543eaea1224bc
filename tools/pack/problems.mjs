import { readFileSync } from "node:fs";
import { join } from "node:path";
import { entriesOf } from "./archive.mjs";

const firstLine = (file) => readFileSync(file, "utf8").split("\n", 1)[0];

/** Everything in the archive is expected, by its path. */
function pathProblems(paths, { root = "", contents }) {
  return paths
    .filter((path) => !path.startsWith(root) || !contents.test(path.slice(root.length)))
    .map((path) => `${path} does not belong there`);
}

/** The licence is there whole, and the page that tells what the package is. */
function pageProblems(entries, { root = "", source, license, readme }) {
  const problems = [];
  const licence = readFileSync(join(source, "LICENSE"));
  if (!entries.get(root + license)?.equals(licence)) problems.push("it lacks its LICENSE");
  const title = firstLine(join(source, "README.md"));
  if (!entries.get(root + readme)?.includes(title)) problems.push("it lacks its README.md");
  return problems;
}

/**
 * What is wrong with an artifact: a sentence each. `places` are folders of this machine, which nobody
 * else has. An artifact with `contents` is an archive, and another one is a file by itself.
 */
export function problemsOf(artifact, { out, version, places }) {
  const { file, contents, root = "", manifest, tells } = artifact;
  const bytes = readFileSync(join(out, file));
  const entries = contents === undefined ? new Map([[file, bytes]]) : entriesOf(bytes);
  const problems =
    contents === undefined
      ? []
      : [...pathProblems([...entries.keys()], artifact), ...pageProblems(entries, artifact)];
  for (const [path, content] of entries) {
    const place = places.find((folder) => content.includes(folder));
    if (place !== undefined) problems.push(`${path} names ${place}, a folder of this machine`);
  }
  if (tells !== undefined) {
    const told = manifest === undefined ? bytes : entries.get(root + manifest);
    const found = tells.exec(told?.toString("utf8") ?? "")?.[1];
    if (found !== version) problems.push(`it says version ${found}, not ${version}`);
  }
  return problems.map((problem) => `${file}: ${problem}`);
}
