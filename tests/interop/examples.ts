// What each example is run with, and what its last lines must say.
import type { CutProxy } from "../support/cut-proxy.ts";
import { check, type Expectation, is } from "./expectation.ts";
import type { ExampleName } from "./language.ts";
import type { Cuts } from "./scenarios.ts";
import { callsOf, type LogLine } from "./service-log.ts";
import { KNOWN_JSON, KNOWN_TEXT, OPERATOR, TOKEN } from "./world.ts";

export interface ExampleRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly proxy: CutProxy;
  /** What the replicas have logged meanwhile. */
  readonly log: readonly LogLine[];
}

export interface Example {
  readonly env: () => Readonly<Record<string, string>>;
  readonly cuts?: Cuts;
  readonly judge: (run: ExampleRun) => readonly Expectation[];
}

const asking = (model: string) => () => ({ STEER_MODEL: model, STEER_API_KEY: TOKEN });

const linesOf = (text: string): readonly string[] => text.trimEnd().split("\n");

/** The whole text stands on the last line. */
const tellsText: Example = {
  env: asking("known-text"),
  judge: ({ stdout }) => [is("last line", linesOf(stdout).at(-1), KNOWN_TEXT)],
};

/** `attempt 1  simulator/simulator  FAILED  FIRST_TOKEN_TIMEOUT`, with more or less of a name. */
const ATTEMPT = /^attempt (\d+)\s+simulator\/simulator\s+(\S*FAILED)\s+(\S+)/;

export const EXAMPLES: Readonly<Record<ExampleName, Example>> = {
  unary: tellsText,
  stream: tellsText,
  survive: {
    ...tellsText,
    cuts: { bytes: 1_500, times: 2 },
    judge: (run) => [
      ...tellsText.judge(run),
      is("connections cut", run.proxy.cuts, 2),
      check("it says that it goes on", run.stderr.trim() !== "", run.stderr),
    ],
  },
  tools: {
    env: asking("known-text"),
    judge: ({ stdout, log }) => [
      check("the call", /^get_weather\(\{.*K(?:ö|\\u00f6)ln.*\}\) -> ./m.test(stdout), stdout),
      is("last line", linesOf(stdout).at(-1), KNOWN_TEXT),
      is(
        "finished by",
        log.filter(({ event }) => event === "call").map((line) => line["finish_reason"]),
        ["tool-calls", "stop"],
      ),
    ],
  },
  "json-patches": {
    env: asking("known-json"),
    judge: ({ stdout }) => [is("last line", linesOf(stdout).at(-1), KNOWN_JSON)],
  },
  attempts: {
    env: asking("simulator"),
    judge({ stdout, log }) {
      const lines = linesOf(stdout);
      const numbers = lines.flatMap((line) => ATTEMPT.exec(line)?.[1] ?? []);
      const [call] = log.filter(({ event }) => event === "call");
      const attempts = Array.from({ length: Number(call?.["attempts"]) }, (_, at) => `${at + 1}`);
      const code = String(call?.["code"]);
      return [
        is("attempts", numbers, attempts),
        check("there is one", attempts.length > 0, stdout),
        check("the code", lines.slice(numbers.length).join(" ").includes(code), { lines, code }),
      ];
    },
  },
  cleanup: {
    env: () => OPERATOR,
    judge({ stdout, log }) {
      const audit = log.find(({ event }) => event === "audit");
      const { matched, freed_bytes } = (audit?.["result"] ?? {}) as LogLine;
      const { dry_run } = (audit?.["target"] ?? {}) as LogLine;
      return [
        is("dry run", dry_run, true),
        is("calls", callsOf(log, "CleanupStreamStates").length > 0, true),
        is(
          "last line",
          linesOf(stdout).at(-1),
          `would delete ${String(matched)} streams, ${String(freed_bytes)} bytes`,
        ),
      ];
    },
  },
};
