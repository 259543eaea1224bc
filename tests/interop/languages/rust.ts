import type { Command, Language } from "../language.ts";

const CWD = "clients/rust";
const TARGET = "clients/rust/target/debug";

const cargo = (...args: readonly string[]): Command => ({ command: "cargo", args, cwd: CWD });
const built = (name: string): Command => ({ command: `${TARGET}/${name}`, args: [], cwd: "." });

export const rust: Language = {
  name: "rust",
  needs: ["cargo", "cc"],
  debian: ["cargo", "gcc"],
  prepare: [cargo("test", "--locked", "--workspace", "--no-run"), cargo("build", "--locked", "--workspace")],
  vectors: cargo("test", "--locked", "--package", "steer-client", "--test", "vectors"),
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
  page: "docs/clients/rust.md",
};
