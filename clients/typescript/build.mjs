// Builds the published package: JavaScript with its types in dist/. In this repository the stubs are a folder; in
// the package they are a dependency.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = import.meta.dirname;
const DIST = join(FOLDER, "dist");
const TSC = join(FOLDER, "../../node_modules/typescript/bin/tsc");

rmSync(DIST, { recursive: true, force: true });
execFileSync(process.execPath, [TSC, "--project", FOLDER], { stdio: "inherit" });
for (const name of readdirSync(DIST)) {
  const file = join(DIST, name);
  const text = readFileSync(file, "utf8");
  const published = text.replaceAll(
    /(["'])\.\.\/\.\.\/gen\/es\/(.+?)_pb\.js\1/g,
    '"@steer-gateway/stubs/$2"',
  );
  // The declarations keep the source's extension for own modules.
  writeFileSync(file, published.replaceAll(/(from "\.\/[a-z-]+)\.ts"/g, '$1.js"'));
}
