import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The build tools: another version can make other bytes. */
const PACKAGES = [
  "hatchling==1.33.0",
  "packaging==26.4",
  "pathspec==1.1.1",
  "pluggy==1.7.0",
  "tomlkit==0.15.2",
  "trove-classifiers==2026.9.21.13",
];

const CODE = String.raw`[\w/]+\.pyi?|[\w/]+/py\.typed`;
const SOURCE = String.raw`LICENSE|README\.md|PKG-INFO|pyproject\.toml`;

const DISTRIBUTIONS = [
  { source: "gen/python", name: "steer_stubs", module: "steer" },
  { source: "clients/python", name: "steer_client", module: "steer_client" },
];

/** The interpreter of an environment with the build tools. */
function builder(run) {
  const folder = resolve("node_modules/.cache/steer/pack-python");
  const environment = join(folder, "venv");
  const python = join(environment, "bin", "python");
  const record = join(folder, "packages.txt");
  const packages = PACKAGES.join("\n");
  if (existsSync(record) && readFileSync(record, "utf8") === packages) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run("python3", ["-m", "venv", environment]);
  run(python, ["-m", "pip", "install", "--quiet", "--no-deps", ...PACKAGES]);
  writeFileSync(record, packages);
  return python;
}

export const python = {
  name: "python",
  needs: ["python3"],
  help: "`apt-get install python3 python3-venv`, or https://www.python.org with Python 3.11 or newer",
  make({ copy, out, version, run }) {
    const python = builder(run);
    return DISTRIBUTIONS.flatMap(({ source, name, module }) => {
      run(python, ["-m", "hatchling", "build", "-d", resolve(out, "python")], {
        cwd: join(copy, source),
      });
      const place = `python/${name}-${version}`;
      const info = `${name}-${version}.dist-info`;
      const tells = /^Version: (.*)$/m;
      return [
        {
          file: `${place}-py3-none-any.whl`,
          source,
          contents: new RegExp(
            `^(?:${info}/(?:METADATA|RECORD|WHEEL|licenses/LICENSE)|${module}/(?:${CODE}|py\\.typed))$`,
          ),
          license: `${info}/licenses/LICENSE`,
          readme: `${info}/METADATA`,
          manifest: `${info}/METADATA`,
          tells,
        },
        {
          file: `${place}.tar.gz`,
          root: `${name}-${version}/`,
          source,
          contents: new RegExp(`^(?:${SOURCE}|${module}/(?:${CODE}|py\\.typed))$`),
          license: "LICENSE",
          readme: "README.md",
          manifest: "PKG-INFO",
          tells,
        },
      ];
    });
  },
};
