// Blocks of commands and of configuration in pages: none escapes the tests that execute or check them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { parse as parseYaml } from "yaml";
import { environmentWith } from "../../src/config/load-config.ts";
import { checkConfig } from "../../src/deployment/check-config.ts";
import { repositoryFiles, textOf } from "../support/guide-pages.ts";
import { pageBlocks } from "../support/page-blocks.ts";

/** Why a block of commands is not executed. */
const REASONS = ["needs-key", "needs-cluster", "published-later"];

/** How many are not. The number may only fall. */
const MOST_NOT_RUN = 1;

/** Languages of shells; one is enough. */
const SHELLS = ["bash", "console", "shell", "shell-session", "zsh", ""];

/** Marks of the pages of languages, whose commands `npm run test:interop` executes from an empty folder. */
const FOLLOWED = /^(?:run|install \S+)$/;

const commands = pageBlocks.filter(({ language }) => language === "sh");
const notRun = commands.filter(({ mark }) => mark.startsWith("no-run:"));

it("commands stand in blocks of `sh`, and every block says its language", () => {
  expect(pageBlocks.length).toBeGreaterThan(30);
  expect(pageBlocks.filter(({ language }) => SHELLS.includes(language))).toEqual([]);
});

it("a block of commands is executed, or says one of three reasons why not", () => {
  const odd = commands.filter(({ page, mark }) => {
    if (mark === "") return page.startsWith("docs/clients/");
    if (FOLLOWED.test(mark)) return !page.startsWith("docs/clients/");
    return !REASONS.includes(mark.replace("no-run: ", ""));
  });
  expect(odd).toEqual([]);
});

it("few blocks of commands are not executed", () => {
  console.log(`${notRun.length} of ${commands.length} blocks of commands are not executed`);
  expect(notRun.length).toBeLessThanOrEqual(MOST_NOT_RUN);
});

it("each page of a language is one that is followed", () => {
  const followed = new Set(
    commands.filter(({ mark }) => FOLLOWED.test(mark)).map(({ page }) => page),
  );
  const languages = repositoryFiles("tests/interop/languages/*.ts").map(textOf).join("\n");
  const suite = repositoryFiles("tests/interop/*.ts").map(textOf).join("\n");
  for (const page of followed) expect(languages + suite).toContain(page);
});

it.each(
  pageBlocks
    // A block with a name is a file of a caller's program.
    .filter(({ language, mark }) => language === "yaml" && mark === "")
    .map((block) => [block.page, block] as const),
)("the configuration of %s passes `steer config check`", async (_, { text }) => {
  const folder = mkdtempSync(join(tmpdir(), "steer-page-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "steer.yaml");
  writeFileSync(file, text);
  expect(await checkConfig(environmentWith(file, {}))).toMatchObject({ state: "usable" });
});

it("the JSON of pages can be read, and is one value", () => {
  for (const { language, text } of pageBlocks) {
    if (language === "json") expect(() => JSON.parse(text) as unknown, text).not.toThrow();
    if (language === "yaml") expect(() => parseYaml(text) as unknown, text).not.toThrow();
  }
});

it.each([
  ["go", "go"],
  ["java", "java"],
  ["python", "python"],
  ["rust", "rust"],
  ["ts", "typescript"],
])("the README's lines of %s use names of programs that the tests run", (language, name) => {
  const wordsOf = (text: string): string[] => text.match(/[A-Za-z_]\w*/g) ?? [];
  const programs = pageBlocks.filter(
    ({ page, mark }) => page === `docs/clients/${name}.md` && mark.includes("."),
  );
  const known = new Set(programs.flatMap(({ text }) => wordsOf(text)));
  const blocks = pageBlocks.filter(
    (block) => block.page === "README.md" && block.language === language,
  );
  expect(blocks).toHaveLength(1);
  // What stands in quotes is a prompt.
  const words = blocks.flatMap(({ text }) => wordsOf(text.replaceAll(/"[^"]*"/g, "")));
  expect(words.filter((word) => !known.has(word))).toEqual([]);
});
