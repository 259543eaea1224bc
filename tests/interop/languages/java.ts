import type { Command, Language } from "../language.ts";

// Java 17 reads its environment and writes its output in the locale's encoding.
const UTF_8 = { LC_ALL: "C.UTF-8" };

const maven = (...args: string[]): Command => ({
  command: "mvn",
  args: ["-B", "-ntp", "-f", "tests/interop/java/reactor.xml", ...args],
  cwd: ".",
  env: UTF_8,
});

const program = (folder: string, name: string): Command => ({
  command: "java",
  args: ["-cp", [`${folder}/target/classes`, `${folder}/target/lib/*`].join(":"), name],
  cwd: ".",
  env: UTF_8,
});

const example = (name: string): Command => program("examples/java", name);

export const java: Language = {
  name: "java",
  needs: ["java", "mvn"],
  debian: ["openjdk-17-jdk-headless", "maven"],
  prepare: [maven("-q", "-Dmaven.test.skip", "package")],
  vectors: maven("-pl", ":steer-client", "-am", "test"),
  program: program("tests/interop/java", "dev.steer.interop.Main"),
  examples: {
    unary: example("Unary"),
    stream: example("Stream"),
    survive: example("Survive"),
    tools: example("Tools"),
    "json-patches": example("JsonPatches"),
    attempts: example("Attempts"),
    cleanup: example("Cleanup"),
  },
  page: "docs/clients/java.md",
};
