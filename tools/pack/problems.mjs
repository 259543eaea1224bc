import { readFileSync } from "node:fs";
import { join } from "node:path";
import { entriesOf } from "./archive.mjs";

const firstLine = (file) => readFileSync(file, "utf8").split("\n", 1)[0];

/** Every path in the archive is expected. */
function pathProblems(paths, { root = "", contents }) {
  return paths
    .filter((path) => !path.startsWith(root) || !contents.test(path.slice(root.length)))
    .map((path) => `${path} does not belong there`);
}

/** The archive has the whole licence and the README. */
function pageProblems(entries, { root = "", source, license, readme }) {
  const problems = [];
  const licence = readFileSync(join(source, "LICENSE"));
  if (!entries.get(root + license)?.equals(licence)) problems.push("it lacks its LICENSE");
  const title = firstLine(join(source, "README.md"));
  if (!entries.get(root + readme)?.includes(title)) problems.push("it lacks its README.md");
  return problems;
}

/**
 * The problems of an artifact, one sentence each. `places` are folders of this machine, which must not appear. An
 * artifact with `contents` is an archive, any other is a single file.
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
