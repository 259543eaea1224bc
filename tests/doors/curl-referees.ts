// The doors from a shell.
import assert from "node:assert/strict";
import { runCommand } from "../interop/run-command.ts";
import { DEFAULT_TEXT } from "../support/upstream.ts";
import type { Referee } from "./referee.ts";

/** The scripted provider sends no white space at the end. */
const TEXT = DEFAULT_TEXT.trimEnd();

const LIMIT_MS = 60_000;
const JSON_TYPE = "content-type: application/json";

/** What curl prints, with the status on a line of its own behind it. */
async function curl(url: string, body: object, headers: readonly string[] = []): Promise<string> {
  const named = [JSON_TYPE, ...headers].flatMap((header) => ["-H", header]);
  const print = ["-sS", "-N", "-w", "\\n%{http_code}"];
  const args = [...print, ...named, "-d", JSON.stringify(body), url];
  const { code, stdout, stderr } = await runCommand(
    { command: "curl", args, cwd: "." },
    {},
    LIMIT_MS,
  );
  assert.equal(code, 0, stderr);
  return stdout;
}

const messages = [{ role: "user", content: "say it" }];
const VERSION = "anthropic-version: 2023-06-01";

/** Paths, bodies, and how a stream of them ends. */
const DOORS = [
  ["chat", "/v1/chat/completions", { model: "m-chat", messages }, [], "data: [DONE]"],
  ["responses", "/v1/responses", { model: "m-chat", input: "say it" }, [], "response.completed"],
  [
    "messages",
    "/v1/messages",
    { model: "m-claude", max_tokens: 200, messages },
    [VERSION],
    "message_stop",
  ],
] as const;

/** The texts of all deltas, whichever dialect has them. */
function textOf(stream: string): string {
  const texts = stream.split("\n").flatMap((line) => {
    if (!line.startsWith("data: {")) return [];
    const { choices, delta } = JSON.parse(line.slice("data: ".length)) as {
      readonly choices?: readonly { readonly delta: { readonly content?: string } }[];
      readonly delta?: string | { readonly text?: string };
    };
    if (typeof delta === "string") return [delta];
    return [choices?.[0]?.delta.content ?? delta?.text ?? ""];
  });
  return texts.join("");
}

/** Whole answers, streams and errors of each door. */
export function curlReferees(base: string): Referee[] {
  return DOORS.flatMap(([name, path, body, headers, end]): Referee[] => [
    {
      name: `curl ${name}, whole`,
      async check() {
        const printed = await curl(base + path, body, headers);
        assert.ok(printed.includes(TEXT), printed);
        assert.ok(printed.endsWith("\n200"), printed);
      },
    },
    {
      name: `curl ${name}, streamed`,
      async check() {
        const printed = await curl(base + path, { ...body, stream: true }, headers);
        assert.equal(textOf(printed), TEXT);
        assert.ok(printed.trimEnd().split("\n\n").at(-2)?.includes(end), printed);
      },
    },
    {
      name: `curl ${name}, unknown model`,
      async check() {
        const printed = await curl(base + path, { ...body, model: "m-none" }, headers);
        assert.ok(printed.endsWith("\n404"), printed);
        assert.match(printed, /"error":\{/);
      },
    },
  ]);
}
