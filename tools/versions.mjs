import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const matches = (pattern) => (text) => [...text.matchAll(pattern)].map(([, version]) => version);

/** Where a package of each ecosystem states its version, and that of our stubs that it needs. */
const MANIFESTS = {
  "package.json"(text) {
    const { version, dependencies = {} } = JSON.parse(text);
    const ours = Object.entries(dependencies).filter(([name]) =>
      name.startsWith("@steer-gateway/"),
    );
    return [version, ...ours.map(([, wanted]) => wanted)];
  },
  "pyproject.toml": matches(/(?:^version\s*=\s*"|"steer-[a-z]+==)([^"]*)"/gm),
  "Cargo.toml": matches(/^(?:steer-[a-z]+\s*=\s*\{\s*)?version\s*=\s*"([^"]*)"/gm),
  "pom.xml": matches(/<artifactId>steer-[a-z]+<\/artifactId>\s*<version>([^<$]+)</g),
  "go.mod": matches(/^\s*github\.com\/steer-gateway\/\S+ v(\S+)$/gm),
};

/** The version of a Go module is that of its tag. */
const WITHOUT_VERSION = "go.mod";

export function versionOfAll() {
  return JSON.parse(readFileSync("package.json", "utf8")).version;
}

/** Packages whose version differs from the service's, one sentence each. */
export function wrongVersions() {
  const version = versionOfAll();
  const folders = ["gen", "clients"].flatMap((root) =>
    readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "service")
      .map((entry) => join(root, entry.name)),
  );
  return folders.flatMap((folder) => {
    const names = Object.keys(MANIFESTS).filter((name) => existsSync(join(folder, name)));
    if (names.length === 0) return [`${folder} has no manifest`];
    return names.flatMap((name) => {
      const found = MANIFESTS[name](readFileSync(join(folder, name), "utf8"));
      const isTold = found.length > 0 || name === WITHOUT_VERSION;
      if (isTold && found.every((one) => one === version)) return [];
      return [`${join(folder, name)} has ${found.join(", ") || "no version"}, not ${version}`];
    });
  });
}
