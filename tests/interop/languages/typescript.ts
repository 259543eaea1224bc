import type { Command, Language } from "../language.ts";

const example = (name: string): Command => ({
  command: "node",
  args: [`${name}.ts`],
  cwd: "examples/typescript",
});

export const typescript: Language = {
  name: "typescript",
  needs: ["node", "npm"],
  debian: [],
  prepare: [
    { command: "npm", args: ["run", "--silent", "build"], cwd: "clients/typescript" },
    // The packages as they are published, not the folders: copied anew.
    { command: "rm", args: ["-rf", "node_modules"], cwd: "examples/typescript" },
    { command: "npm", args: ["install", "--no-audit", "--no-fund"], cwd: "examples/typescript" },
    { command: "tsc", args: ["--project", "examples/typescript"], cwd: "." },
  ],
  vectors: { command: "vitest", args: ["run", "tests/unit/clients/read-stream.test.ts"], cwd: "." },
  program: { command: "node", args: ["tests/interop/typescript/main.ts"], cwd: "." },
  examples: {
    unary: example("unary"),
    stream: example("stream"),
    survive: example("survive"),
    tools: example("tools"),
    "json-patches": example("json-patches"),
    attempts: example("attempts"),
    cleanup: example("cleanup"),
  },
  page: {
    file: "docs/clients/typescript.md",
    another: "npm install --no-audit --no-fund ms@2.1.3",
    env: () => ({}),
  },
  connect: true,
};
