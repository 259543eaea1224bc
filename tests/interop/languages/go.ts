import type { Command, Language } from "../language.ts";

// What is built goes to a folder that git ignores.
const OUTPUT = ".cache/interop/go";

const built = (name: string): Command => ({
  command: `${OUTPUT}/${name}`,
  args: [],
  cwd: ".",
});

const build = (cwd: string, output: string, packages: string): Command => ({
  command: "go",
  args: ["build", "-o", output, packages],
  cwd,
});

export const go: Language = {
  name: "go",
  needs: ["go"],
  debian: ["golang-go"],
  prepare: [
    build("tests/interop/go", `../../../${OUTPUT}/program`, "."),
    build("examples/go", `../../${OUTPUT}/`, "./..."),
    { command: "go", args: ["vet", "./..."], cwd: "clients/go" },
  ],
  vectors: { command: "go", args: ["test", "-count=1", "./..."], cwd: "clients/go" },
  program: built("program"),
  examples: {
    unary: built("unary"),
    stream: built("stream"),
    survive: built("survive"),
    tools: built("tools"),
    "json-patches": built("json-patches"),
    attempts: built("attempts"),
    cleanup: built("cleanup"),
  },
  page: "docs/clients/go.md",
  connect: true,
};
