// What two coding agents send, in the shapes that their makers document for gateways: small, with every kind of field.
import type { JsonObject } from "../../src/domain/json.ts";

/** Headers of Anthropic's agent. */
export const CLAUDE_HEADERS = {
  "content-type": "application/json",
  authorization: "Bearer unused",
  "anthropic-version": "2023-06-01",
  "anthropic-beta": [
    "claude-code-20250219",
    "interleaved-thinking-2025-05-14",
    "context-management-2025-06-27",
    "effort-2025-11-24",
  ].join(","),
  "x-app": "cli",
  "x-claude-code-session-id": "5f0c9c2a-63a8-4b53-9d55-0f6f3f7a0001",
  "user-agent": "claude-cli/2.1.332 (external, cli)",
};

const CACHED = { cache_control: { type: "ephemeral" } };

export const CLAUDE_SYSTEM: JsonObject[] = [
  {
    type: "text",
    text: "x-anthropic-billing-header: cc_version=2.1.332.a1b; cc_entrypoint=cli;",
  },
  { type: "text", text: "You are an agent that writes code.", ...CACHED },
  { type: "text", text: "Answer in few words.\nThe folder is /home/me/app.", ...CACHED },
];

export const CLAUDE_TOOLS: JsonObject[] = [
  {
    name: "Read",
    description: "Reads a file.",
    input_schema: {
      type: "object",
      properties: { file_path: { type: "string", description: "absolute" } },
      required: ["file_path"],
      additionalProperties: false,
    },
  },
  {
    name: "Bash",
    description: "Runs a command.",
    input_schema: { type: "object", properties: { command: { type: "string" } } },
    defer_loading: true,
    ...CACHED,
  },
];

/** The second turn of a conversation: a call and its result are in the history. `mark` finds it at the provider. */
export function claudeRequest(model: string, mark: string): JsonObject {
  return {
    model,
    max_tokens: 32_000,
    stream: true,
    system: CLAUDE_SYSTEM,
    tools: CLAUDE_TOOLS,
    thinking: { type: "adaptive", display: "omitted" },
    context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
    output_config: { effort: "high" },
    metadata: { user_id: '{"device_id":"d1","account_uuid":"","session_id":"s1"}' },
    messages: [
      { role: "user", content: [{ type: "text", text: `what does main.ts do? ${mark}` }] },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "", signature: "c2lnbmF0dXJl" },
          { type: "text", text: "I look." },
          { type: "tool_use", id: "toolu_01", name: "Read", input: { file_path: "/app/main.ts" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "toolu_01", content: "console.log(1)", ...CACHED },
        ],
      },
      { role: "system", content: "The user has opened main.ts." },
    ],
  };
}

/** Headers of OpenAI's agent. */
export const CODEX_HEADERS = {
  "content-type": "application/json",
  accept: "text/event-stream",
  authorization: "Bearer unused",
  "session-id": "01900000-0000-7000-8000-000000000001",
  "thread-id": "01900000-0000-7000-8000-000000000001",
  "x-client-request-id": "01900000-0000-7000-8000-000000000001",
  "x-codex-window-id": "01900000-0000-7000-8000-000000000001:0",
  originator: "codex_exec",
  "user-agent": "codex_exec/0.171.0",
};

export const CODEX_REASONING: JsonObject = {
  type: "reasoning",
  summary: [{ type: "summary_text", text: "A listing is needed." }],
  encrypted_content: "gAAAAABencrypted",
};

export const CODEX_TOOLS: JsonObject[] = [
  {
    type: "function",
    name: "exec_command",
    description: "Runs a command.",
    strict: false,
    parameters: { type: "object", properties: { cmd: { type: "string" } }, required: ["cmd"] },
  },
  {
    type: "namespace",
    name: "mcp__files",
    description: "Files.",
    tools: [
      {
        type: "function",
        name: "list",
        description: "Lists a folder.",
        strict: false,
        parameters: { type: "object", properties: { path: { type: "string" } } },
      },
    ],
  },
  { type: "web_search", external_web_access: false },
];

/** The second turn: reasoning, a call and its output are in the input. `mark` finds it at the provider. */
export function codexRequest(model: string, mark: string): JsonObject {
  return {
    model,
    stream: true,
    store: false,
    include: ["reasoning.encrypted_content"],
    prompt_cache_key: "01900000-0000-7000-8000-000000000001",
    client_metadata: { "x-codex-installation-id": "i1" },
    parallel_tool_calls: true,
    tool_choice: "auto",
    reasoning: { summary: "auto" },
    tools: CODEX_TOOLS,
    input: [
      {
        type: "message",
        role: "developer",
        content: [{ type: "input_text", text: "You are an agent that writes code." }],
      },
      {
        type: "message",
        role: "user",
        content: [{ type: "input_text", text: `list the folder ${mark}` }],
      },
      CODEX_REASONING,
      { type: "function_call", name: "exec_command", call_id: "call_1", arguments: '{"cmd":"ls"}' },
      { type: "function_call_output", call_id: "call_1", output: "main.ts" },
    ],
  };
}
