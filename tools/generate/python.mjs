// Messages come from protoc and services from gRPC's plugin, both from one PyPI package, with type stubs. The
// versions are old on purpose: generated code needs a runtime at least as new, and these allow protobuf 6.31 to 7
// and grpcio from 1.76.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PACKAGES = [
  "grpcio-tools==1.76.0",
  "grpcio==1.76.0",
  "mypy-protobuf==5.1.0",
  "protobuf==6.33.6",
  "setuptools==80.9.0",
  "typing_extensions==4.16.0",
];
const PLUGIN = join(import.meta.dirname, "python-plugin.py");

export const language = {
  name: "python",
  needs: ["python3"],
  install({ folder, run }) {
    const environment = join(folder, "venv");
    const python = join(environment, "bin", "python");
    const record = join(folder, "packages.txt");
    const packages = PACKAGES.join("\n");
    if (!existsSync(record) || readFileSync(record, "utf8") !== packages) {
      rmSync(environment, { recursive: true, force: true });
      run("python3", ["-m", "venv", environment]);
      run(python, ["-m", "pip", "install", "--quiet", "--no-deps", ...PACKAGES]);
      writeFileSync(record, packages);
    }
    // The environment's own folder would hide the machine's `python3`.
    const bin = join(folder, "bin");
    mkdirSync(bin, { recursive: true });
    const plugin = join(bin, "protoc-gen-steer-python");
    writeFileSync(plugin, `#!/bin/sh\nexec "${python}" "${PLUGIN}"\n`);
    chmodSync(plugin, 0o755);
    return [bin];
  },
  keep: ["pyproject.toml", "LICENSE", "README.md", "steer/py.typed"],
};
