// Requests of coding agents at the doors, and what the provider gets of them.
import assert from "node:assert/strict";
import type { JsonObject } from "../../src/domain/json.ts";
import { DEFAULT_TEXT, type RecordedRequest, type Upstream } from "../support/upstream.ts";
import {
  CLAUDE_HEADERS,
  CLAUDE_SYSTEM,
  CLAUDE_TOOLS,
  CODEX_HEADERS,
  CODEX_REASONING,
  CODEX_TOOLS,
  claudeRequest,
  codexRequest,
} from "./agent-requests.ts";
import type { Referee } from "./referee.ts";

/** The scripted provider sends no white space at the end. */
const TEXT = DEFAULT_TEXT.trimEnd();

/** An event of a stream. */
interface SentEvent {
  readonly type: string;
  readonly [name: string]: unknown;
}

interface Answered {
  readonly events: readonly SentEvent[];
  readonly headers: Headers;
}

async function stream(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: JsonObject,
): Promise<Answered> {
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  const events = text
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => JSON.parse(line.slice("data: ".length)) as SentEvent);
  return { events, headers: response.headers };
}

/** What the provider got of the request with this mark. */
function sentOf({ requests }: Upstream, mark: string): RecordedRequest {
  const sent = requests.filter(({ body }) => JSON.stringify(body).includes(mark));
  assert.equal(sent.length, 1, `${sent.length} requests`);
  return sent[0] as RecordedRequest;
}

function claudeTextOf({ events }: Answered): string {
  return events.map(({ delta }) => (delta as { text?: string } | undefined)?.text ?? "").join("");
}

/** Content as blocks: the API takes a text for the one block that it is. */
function withBlocks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBlocks);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => {
    const isText = name === "content" && typeof inner === "string";
    return [name, isText ? [{ type: "text", text: inner }] : withBlocks(inner)];
  });
  return Object.fromEntries(entries);
}

function claudeReferees(base: string, upstream: Upstream): Referee[] {
  const url = `${base}/v1/messages?beta=true`;
  return [
    {
      name: "Claude Code before its own vendor's model",
      async check() {
        const mark = "agent-mark-1";
        const asked = claudeRequest("m-claude", mark);
        const answered = await stream(url, CLAUDE_HEADERS, asked);
        assert.equal(claudeTextOf(answered), TEXT);
        assert.equal(answered.events.at(-1)?.type, "message_stop");
        const { body, headers } = sentOf(upstream, mark);
        // Byte for byte: a prompt cache is found by its prefix.
        assert.equal(JSON.stringify(body["system"]), JSON.stringify(CLAUDE_SYSTEM));
        assert.deepEqual(body["tools"], CLAUDE_TOOLS);
        assert.deepEqual(body["messages"], withBlocks(asked["messages"]));
        for (const name of ["thinking", "context_management", "output_config", "metadata"]) {
          assert.deepEqual(body[name], asked[name], name);
        }
        const betas = String(headers["anthropic-beta"]).split(",");
        for (const beta of CLAUDE_HEADERS["anthropic-beta"].split(",")) {
          assert.ok(betas.includes(beta), `${beta} is not among ${betas.join()}`);
        }
      },
    },
    {
      name: "Claude Code before another vendor's model",
      async check() {
        const mark = "agent-mark-2";
        const answered = await stream(url, CLAUDE_HEADERS, claudeRequest("m-chat", mark));
        assert.equal(claudeTextOf(answered), TEXT);
        const { body } = sentOf(upstream, mark);
        const sent = JSON.stringify(body);
        assert.ok(sent.includes("You are an agent that writes code."), sent);
        assert.ok(!sent.includes("cache_control"), sent);
      },
    },
    {
      name: "Claude Code counts, lists and says hello",
      async check() {
        const { stream: _, max_tokens: __, ...counted } = claudeRequest("m-claude", "agent-mark-3");
        const asked = { method: "POST", headers: CLAUDE_HEADERS, body: JSON.stringify(counted) };
        const count = await fetch(`${base}/v1/messages/count_tokens?beta=true`, asked);
        const { input_tokens } = (await count.json()) as { input_tokens: number };
        assert.ok(input_tokens > 0);
        const listed = await fetch(`${base}/v1/models?limit=1000`, { headers: CLAUDE_HEADERS });
        const { data } = (await listed.json()) as { data: { type: string; id: string }[] };
        assert.ok(data.some(({ type, id }) => type === "model" && id === "m-claude"));
        const hello = await fetch(`${base}/api/hello`, { method: "HEAD" });
        assert.equal(hello.status, 404);
      },
    },
  ];
}

function codexReferees(base: string, upstream: Upstream): Referee[] {
  const url = `${base}/v1/responses`;
  const textOf = ({ events }: Answered): string => {
    const deltas = events.filter(({ type }) => type === "response.output_text.delta");
    return deltas.map(({ delta }) => String(delta)).join("");
  };
  return [
    {
      name: "Codex before its own vendor's model",
      async check() {
        const mark = "agent-mark-4";
        const asked = codexRequest("m-responses", mark);
        const answered = await stream(url, CODEX_HEADERS, asked);
        assert.equal(textOf(answered), TEXT);
        const last = answered.events.at(-1);
        assert.equal(last?.type, "response.completed");
        assert.ok((last["response"] as { id?: string }).id);
        const { body } = sentOf(upstream, mark);
        assert.equal(body["store"], false);
        assert.deepEqual(body["include"], ["reasoning.encrypted_content"]);
        assert.deepEqual(body["tools"], CODEX_TOOLS);
        for (const name of ["prompt_cache_key", "client_metadata", "parallel_tool_calls"]) {
          assert.deepEqual(body[name], asked[name], name);
        }
        const input = body["input"] as JsonObject[];
        const reasoning = input.find(({ type }) => type === "reasoning");
        assert.equal(reasoning?.["encrypted_content"], CODEX_REASONING["encrypted_content"]);
        const call = input.find(({ type }) => type === "function_call");
        assert.equal(call?.["call_id"], "call_1");
      },
    },
    {
      name: "Codex before another vendor's model",
      async check() {
        const mark = "agent-mark-5";
        const answered = await stream(url, CODEX_HEADERS, codexRequest("m-claude", mark));
        assert.equal(textOf(answered), TEXT);
        assert.match(answered.headers.get("x-steer-warnings") ?? "", /PARAMETER_DROPPED/);
        const tools = sentOf(upstream, mark).body["tools"] as JsonObject[];
        assert.ok(tools.some(({ name }) => name === "exec_command"));
      },
    },
  ];
}

/** What the agents ask for, before models of both vendors. */
export function agentReferees(base: string, upstream: Upstream): Referee[] {
  return [...claudeReferees(base, upstream), ...codexReferees(base, upstream)];
}
