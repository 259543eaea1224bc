import { cpSync } from "node:fs";
import { join, resolve } from "node:path";

const CRATES = { "steer-stubs": "gen/rust", "steer-client": "clients/rust" };

const CONTENTS = /^(?:Cargo\.(?:lock|toml|toml\.orig)|LICENSE|README\.md|src\/[\w.]+\.rs)$/;

export const rust = {
  name: "rust",
  needs: ["cargo"],
  help: "https://rustup.rs has Rust 1.90 and newer",
  make({ copy, out, version, run }) {
    const target = join(copy, "target");
    // Not compiled here: the tests compile the crates.
    const packages = Object.keys(CRATES).flatMap((name) => ["--package", name]);
    run(
      "cargo",
      ["package", "--quiet", "--locked", "--no-verify", "--target-dir", target, ...packages],
      {
        cwd: join(copy, "clients/rust"),
      },
    );
    return Object.entries(CRATES).map(([name, source]) => {
      const file = `${name}-${version}.crate`;
      cpSync(join(target, "package", file), resolve(out, "rust", file));
      return {
        file: `rust/${file}`,
        root: `${name}-${version}/`,
        source,
        contents: CONTENTS,
        license: "LICENSE",
        readme: "README.md",
        manifest: "Cargo.toml",
        tells: /^version = "(.*)"$/m,
      };
    });
  },
};
