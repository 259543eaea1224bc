// `aimock` of npm: OpenAI's, Anthropic's and OpenRouter's APIs as its authors understand them.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_TEXT, JSON_TEXT } from "../support/upstream.ts";
import { npmPackages, prepared } from "./clients.ts";
import { type StartedServer, startServer } from "./start-server.ts";

/** Tools by which clients ask for an object where a model has no format for one. */
const OBJECT_TOOLS = ["extract", "City", "final_result", "json"];

/** Longer than the gateway waits for a provider, so that the caller is told at once. */
const LIMITED_SECONDS = 600;
/** Between two pieces, so that what is sent has left before the connection breaks. */
const PIECE_MS = 30;

/** What the server answers to each prompt; the first that matches is taken. */
function fixtures(): object[] {
  const usage = { prompt_tokens: 12, completion_tokens: 14, total_tokens: 26 };
  const text = { content: DEFAULT_TEXT, usage };
  // In all dialects the eighth piece is one of the text.
  const long = { content: DEFAULT_TEXT.repeat(5), usage };
  const says = (userMessage: string, more: object = {}) => ({ userMessage, ...more });
  const call = (name: string) => ({ toolCalls: [{ name, arguments: JSON_TEXT }] });
  const limit = { message: "too many requests", type: "rate_limit_error" };
  return [
    {
      match: says("be limited"),
      response: { error: limit, status: 429, retryAfter: LIMITED_SECONDS },
    },
    { match: says("break off"), response: long, latency: PIECE_MS, truncateAfterChunks: 8 },
    { match: says("talk rubbish"), response: text, chaos: { malformedRate: 1 } },
    { match: says("go away"), response: text, chaos: { disconnectRate: 1 } },
    { match: says("use a tool", { hasToolResult: true }), response: text },
    { match: says("use a tool"), response: call("weather") },
    ...OBJECT_TOOLS.map((toolName) => ({
      match: says("as json", { toolName }),
      response: call(toolName),
    })),
    { match: says("as json"), response: { content: JSON_TEXT } },
    { match: says("say it"), response: text },
  ];
}

/** Installs and starts the server. */
export async function startAimock(): Promise<StartedServer> {
  const { cwd, command } = npmPackages("aimock");
  await prepared("aimock", [command]);
  const folder = mkdtempSync(join(tmpdir(), "aimock-"));
  const answers = join(folder, "fixtures.json");
  writeFileSync(answers, JSON.stringify({ fixtures: fixtures() }));
  const config = join(folder, "aimock.json");
  writeFileSync(config, JSON.stringify({ llm: { fixtures: answers } }));
  return startServer({
    command: process.execPath,
    args: ["node_modules/@copilotkit/aimock/dist/aimock-cli.js", "--config", config],
    cwd,
  });
}
