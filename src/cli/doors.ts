import { noArguments, parseArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { type FlagTable, JSON_FLAG } from "./flags.ts";
import { UsageError } from "./usage-error.ts";

const FLAGS = {
  url: {
    type: "string",
    default: "http://127.0.0.1:8080",
    value: "URL",
    help: "where clients reach the HTTP address of the service",
  },
  model: { type: "string", default: "simulator", value: "NAME", help: "the model of the examples" },
  ...JSON_FLAG,
} as const satisfies FlagTable;

/** Scheme and host of the service. Throws `UsageError`. */
function originOf(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return new URL(url).origin;
  throw new UsageError("--url is an http or https address");
}

function examples(origin: string, model: string): string {
  return `OpenAI's API      ${origin}/v1
Anthropic's API   ${origin}

The key is the caller's key of this service; without callers any key will do.

curl, OpenAI
  curl ${origin}/v1/chat/completions -H "authorization: Bearer $STEER_API_KEY" \\
    -H "content-type: application/json" \\
    -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello"}]}'

curl, Anthropic
  curl ${origin}/v1/messages -H "x-api-key: $STEER_API_KEY" \\
    -H "anthropic-version: 2023-06-01" -H "content-type: application/json" \\
    -d '{"model": "${model}", "max_tokens": 200, "messages": [{"role": "user", "content": "Hello"}]}'

openai (JavaScript)
  new OpenAI({ baseURL: "${origin}/v1", apiKey: process.env.STEER_API_KEY })

openai (Python)
  OpenAI(base_url="${origin}/v1", api_key=os.environ["STEER_API_KEY"])

@anthropic-ai/sdk (JavaScript)
  new Anthropic({ baseURL: "${origin}", apiKey: process.env.STEER_API_KEY })

anthropic (Python)
  Anthropic(base_url="${origin}", api_key=os.environ["STEER_API_KEY"])
`;
}

export const doors: Command = {
  summary: "show how clients of OpenAI and Anthropic use this service",
  usage: ["steer doors [options]"],
  about: `Prints the base URLs for clients of OpenAI's and Anthropic's APIs, with an example
for curl and for each vendor's own client. No call is made.`,
  flags: { "": FLAGS },
  async run(args, { stdout }) {
    const { values, positionals } = parseArguments(args, FLAGS);
    noArguments(positionals);
    const origin = originOf(values.url);
    if (values.json) {
      stdout.write(`${JSON.stringify({ openai: `${origin}/v1`, anthropic: origin })}\n`);
      return;
    }
    stdout.write(examples(origin, values.model));
  },
};
