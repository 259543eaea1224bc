import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readDockerfile } from "../support/docker-image.ts";
import { textOf } from "../support/guide-pages.ts";

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
  scripts: { start: string };
};

/** The flags of Node in a command that starts the service. */
function flagsIn(command: string): readonly string[] {
  return command.match(/--\S+/g) ?? [];
}

const [variable = "", ...command] = scripts.start.split(" ");

it("the image and the unit of systemd start the service with the flags of `npm start`", () => {
  const flags = flagsIn(scripts.start);
  expect(flags).toEqual(["--max-semi-space-size=16"]);
  const image = readDockerfile().find(({ name }) => name === "CMD")?.argument ?? "[]";
  expect(JSON.parse(image)).toEqual(command);
  const [unit = ""] = /^ExecStart=.*$/m.exec(textOf("docs/deploy.md")) ?? [];
  expect(flagsIn(unit)).toEqual(flags);
});

it("the image and the unit of systemd set the variable of `npm start`", () => {
  expect(variable).toBe("MALLOC_ARENA_MAX=1");
  const set = readDockerfile().filter(({ name }) => name === "ENV");
  expect(set.map(({ argument }) => argument)).toContain(variable);
  expect(textOf("docs/deploy.md").split("\n")).toContain(`Environment=${variable}`);
});
