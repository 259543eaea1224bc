import { resolve } from "node:path";
import type { Command, Language } from "../language.ts";

/** Shared with the programs of the page, which are built alike: what both need is compiled once. */
const TARGET = resolve(process.env["CARGO_TARGET_DIR"] ?? "clients/rust/target");

const cargo = (...args: readonly string[]): Command => ({
  command: "cargo",
  args: [...args, "--locked", "--quiet", "--target-dir", TARGET],
  cwd: "clients/rust",
});
const built = (name: string): Command => ({
  command: `${TARGET}/debug/${name}`,
  args: [],
  cwd: ".",
});

export const rust: Language = {
  name: "rust",
  needs: ["cargo", "cc"],
  debian: ["cargo", "gcc"],
  prepare: [
    cargo("build", "--package", "steer-interop", "--package", "steer-examples"),
    cargo("test", "--package", "steer-client", "--tests", "--no-run"),
  ],
  vectors: cargo("test", "--package", "steer-client", "--tests"),
  program: built("steer-interop"),
  examples: {
    unary: built("unary"),
    stream: built("stream"),
    survive: built("survive"),
    tools: built("tools"),
    "json-patches": built("json-patches"),
    attempts: built("attempts"),
    cleanup: built("cleanup"),
  },
  page: {
    file: "docs/clients/rust.md",
    another: "cargo add --quiet itoa@1",
    env: () => ({
      CARGO_TARGET_DIR: TARGET,
      CARGO_PROFILE_DEV_DEBUG: "0",
      CARGO_INCREMENTAL: "0",
    }),
  },
};
