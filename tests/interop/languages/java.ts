import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Command, Language } from "../language.ts";

// Java 17 reads its environment and writes its output in the locale's encoding.
const UTF_8 = { LC_ALL: "C.UTF-8" };

/** One build is over before optimized code would pay. */
const MAVEN_OPTS = [process.env["MAVEN_OPTS"] ?? "", "-XX:TieredStopAtLevel=1"].join(" ").trim();

const maven = (...args: string[]): Command => ({
  command: "mvn",
  args: ["-B", "-ntp", "-f", "tests/interop/java/reactor.xml", ...args],
  cwd: ".",
  env: { ...UTF_8, MAVEN_OPTS },
});

const program = (folder: string, name: string): Command => ({
  command: "java",
  args: ["-cp", [`${folder}/target/classes`, `${folder}/target/lib/*`].join(":"), name],
  cwd: ".",
  env: UTF_8,
});

const example = (name: string): Command => program("examples/java", name);

const ANOTHER =
  "<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-api</artifactId><version>2.0.17</version></dependency>";

/** A local repository that shares with the machine's everything but Steer. */
function repositoryOf(folder: string): string {
  const repository = join(folder, "m2");
  const shared = join(homedir(), ".m2/repository");
  mkdirSync(join(repository, "dev"), { recursive: true });
  for (const place of [".", "dev"]) {
    if (!existsSync(join(shared, place))) continue;
    for (const name of readdirSync(join(shared, place))) {
      const link = join(repository, place, name);
      if (link !== join(repository, "dev/steer") && !existsSync(link)) {
        symlinkSync(join(shared, place, name), link);
      }
    }
  }
  return repository;
}

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
  page: {
    file: "docs/clients/java.md",
    another: `sed -i 's|</dependencies>|${ANOTHER}&|' pom.xml`,
    env: (folder) => ({
      ...UTF_8,
      MAVEN_OPTS: `${MAVEN_OPTS} -Dmaven.repo.local=${repositoryOf(folder)}`,
    }),
  },
};
