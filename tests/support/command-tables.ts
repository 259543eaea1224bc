import { readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../../src/cli/commands.ts";
import { CONNECTION_FLAGS, type FlagTable, spellingOf } from "../../src/cli/flags.ts";
import { ROOT } from "./guide-pages.ts";
import type { PageTable } from "./page-tables.ts";

const code = (text: string): string => `\`${text}\``;

function flagRows(command: string, flags: FlagTable): string[][] {
  return Object.entries(flags).map(([name, flag]) => [
    code(`${command} --${name}`),
    code(spellingOf(name, flag)),
    flag.type === "string" && flag.default !== undefined && flag.default !== ""
      ? code(flag.default)
      : "–",
    flag.help,
  ]);
}

const ROWS = [
  ...flagRows("steer", CONNECTION_FLAGS),
  ...Object.entries(COMMANDS).flatMap(([name, { flags }]) =>
    Object.entries(flags).flatMap(([action, table]) =>
      flagRows(["steer", name, action].filter((word) => word !== "").join(" "), table),
    ),
  ),
];

const nameOf = ([first = ""]: readonly string[]): string => first.replaceAll("`", "");

const commandRows = Object.entries(COMMANDS).map(([name, { usage, summary }]) => [
  code(`steer ${name}`),
  usage.map(code).join("<br>"),
  summary,
]);

/** The tables of `docs/cli.md`. */
export const commandTables: Readonly<Record<string, PageTable>> = {
  commands: { head: ["command", "usage", "what it does"], rows: commandRows },
  flags: { head: ["flag", "spelling", "default", "meaning"], rows: ROWS },
};

/** Commands and flags that `steer` knows. */
export const flagNames: readonly string[] = [...commandRows, ...ROWS].map(nameOf);

/** Flags of a program: from `parseArgs`, or compared as words. */
function flagsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const parsed = [...text.matchAll(/"?\b([a-z-]+)"?: \{ type: "(?:string|boolean)"/g)];
  const words = [...text.matchAll(/(?:includes\(|[!=]== )"--([a-z]+)"/g)];
  return [...new Set([...parsed, ...words].map(([, name = ""]) => name))];
}

/** The program of the repository that a script runs; undefined: the script runs another program. */
function programOf(script: string): string | undefined {
  // Users cannot pass arguments to one of several programs.
  return script.includes("&&") ? undefined : /^node ([\w/.-]+)$/.exec(script)?.[1];
}

const { scripts }: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(ROOT, "package.json"), "utf8"),
);

/** Scripts of `package.json`, and the flags of their programs. */
export const scriptNames: readonly string[] = Object.entries(scripts).flatMap(([name, script]) => {
  const program = programOf(script);
  const isCommandLine = program?.startsWith("src/") ?? false;
  const flags = program === undefined || isCommandLine ? [] : flagsOf(program);
  return [`npm run ${name}`, ...flags.map((flag) => `npm run ${name} -- --${flag}`)];
});
