import { resolve } from "node:path";

const MANIFEST = "clients/rust/Cargo.toml";
const PLUGIN = "protoc-gen-steer-rust";

/**
 * The plugin is a thin layer of our own over tonic-prost-build: it needs no protoc and shares a build with the
 * client.
 */
export const language = {
  name: "rust",
  needs: ["cargo"],
  install({ run }) {
    const target = resolve(process.env.CARGO_TARGET_DIR ?? "clients/rust/target");
    const args = ["build", "--quiet", "--locked", "--manifest-path", MANIFEST, "-p", PLUGIN];
    run("cargo", [...args, "--target-dir", target]);
    return [resolve(target, "debug")];
  },
  keep: ["Cargo.toml", "LICENSE", "README.md", "src/lib.rs"],
};
