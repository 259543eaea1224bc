// Faults on the wire of each vendor. `expectations.ts` has the expected reactions.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GenerationSpecSchema } from "../../../gen/es/steer/v1/generation_pb.js";
import type { Adapter } from "../stack.ts";
import { chatDialect } from "../upstream/chat.ts";
import { messagesDialect } from "../upstream/messages.ts";
import { responsesDialect } from "../upstream/responses.ts";
import type { FaultKind } from "./expectations.ts";

export type Mode = "unary" | "stream";
export type Spec = MessageInitShape<typeof GenerationSpecSchema>;

export interface FaultRow {
  readonly name: string;
  readonly kind: FaultKind;
  readonly fault: Fault | ((adapter: Adapter) => Fault);
  /** The provider's hint in milliseconds, as it should be understood. */
  readonly hintMs?: number;
  /** Milliseconds before each repetition, if they differ from those of the kind. */
  readonly repetitions?: readonly number[];
  readonly providerCode?: string;
  /** Default: all adapters, and both modes. */
  readonly only?: readonly Adapter[];
  readonly modes?: readonly Mode[];
}

/** Fields of `UpstreamFault` except the attempt. */
export type Fault = Readonly<Record<string, unknown>>;

const OPENAI: readonly Adapter[] = ["chat", "responses"];
const CLAUDE: readonly Adapter[] = ["claude"];
const GROK: readonly Adapter[] = ["grok"];

/** The body of an error in the vendor's format. */
export function errorBody(adapter: Adapter, word: string, text = "scripted"): object {
  switch (adapter) {
    case "claude":
      return { type: "error", error: { type: word, message: text } };
    case "grok":
      return { code: word, error: text };
    default:
      return { error: { message: text, type: word, code: word, param: null } };
  }
}

/** The same error inside a stream that began with HTTP 200. */
function errorFrame(adapter: Adapter, word: string): string {
  const [name, data] = {
    chat: ["", errorBody("chat", word)],
    responses: ["error", { type: "error", code: word, message: "scripted", param: null }],
    claude: ["error", errorBody("claude", word)],
    grok: ["", errorBody("grok", word)],
  }[adapter] as [string, object];
  return `${name && `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
}

export function eventStream(body: string): Fault {
  return { status: 200, headers: { "content-type": "text/event-stream" }, body };
}

function status(
  code: number,
  kind: FaultKind,
  more: Partial<FaultRow> & { word?: string; text?: string; headers?: object } = {},
): FaultRow {
  const { word, text, headers, ...rest } = more;
  const said = [word, text, headers && JSON.stringify(headers)].filter(Boolean).join(" ");
  return {
    name: `HTTP ${code} ${said}`.trim(),
    kind,
    fault: (adapter) => ({
      status: code,
      ...(headers !== undefined && { headers }),
      body: word === undefined && text === undefined ? {} : errorBody(adapter, word ?? "", text),
    }),
    ...rest,
  };
}

const FORCE = { "x-should-retry": "true" };
const FORBID = { "x-should-retry": "false" };

/** Answers whose status is not 2xx. */
export const STATUS_ROWS: readonly FaultRow[] = [
  status(400, "validation", { word: "invalid_request_error", name: "A-48: HTTP 400" }),
  status(405, "validation"),
  status(422, "validation", { name: "A-48: HTTP 422" }),
  status(400, "context", { word: "context_length_exceeded", only: OPENAI }),
  status(400, "context", {
    word: "invalid_request_error",
    text: "prompt is too long: 9 tokens > 8 maximum",
    only: CLAUDE,
  }),
  status(400, "context", { text: "This model's maximum prompt length is 8", only: GROK }),
  status(413, "context"),
  status(400, "filter", { word: "content_policy_violation", only: OPENAI }),
  status(403, "filter", { text: "Content violates usage guidelines", only: GROK }),
  status(401, "authentication"),
  status(403, "permission"),
  status(402, "quota"),
  status(429, "quota", {
    word: "insufficient_quota",
    only: OPENAI,
    providerCode: "insufficient_quota",
  }),
  status(429, "quota", { text: "You exceeded your current quota", only: GROK }),
  status(404, "missing", { word: "model_not_found", only: OPENAI }),
  status(404, "missing"),
  status(408, "once"),
  status(409, "once"),
  status(425, "server"),
  status(429, "rate", { name: "A-33: HTTP 429 without any header" }),
  status(429, "rate", { word: "rate_limit_error", headers: { "retry-after": "2" }, hintMs: 2_000 }),
  status(429, "rate", { headers: { "retry-after-ms": "1500" }, hintMs: 1_500 }),
  status(429, "rate", {
    name: "A-43: a hint above the longest wait",
    headers: { "retry-after": "90" },
    hintMs: 90_000,
    repetitions: [],
  }),
  ...[500, 502, 503, 504, 520].map((code) => status(code, "server")),
  // The provider may still be generating the answer.
  status(524, "server", { repetitions: [375] }),
  status(503, "server", { headers: { "retry-after": "1" }, hintMs: 1_000 }),
  status(500, "server", { word: "api_error", providerCode: "api_error", only: CLAUDE }),
  status(529, "overloaded"),
  status(503, "overloaded", { word: "overloaded_error", only: ["claude", "chat"] }),
  status(503, "server", { headers: FORBID, repetitions: [] }),
  status(429, "rate", { headers: FORBID, repetitions: [] }),
  status(303, "unclassified"),
  status(303, "unclassified", { headers: FORCE, repetitions: [375, 750] }),
  status(400, "validation", { name: "A-48: HTTP 400 that forces a retry", headers: FORCE }),
  status(404, "missing", { headers: FORCE }),
  { name: "HTTP 503 with a page", kind: "server", fault: { status: 503, body: "<html>no</html>" } },
];

/** Connections and answers that break before any content. */
export const WIRE_ROWS: readonly FaultRow[] = [
  { name: "reset before headers", kind: "unanswered", fault: { refuse: true } },
  { name: "reset inside the headers", kind: "unanswered", fault: { cut_headers: true } },
  { name: "A-20: reset inside the body", kind: "network", fault: { cut_after_bytes: 40 } },
  { name: "A-24: malformed", kind: "protocol", fault: { malformed_at: 0 } },
  { name: "A-21: an error inside HTTP 200", kind: "server", fault: { error_at: 0 } },
  {
    name: "A-22: overload inside HTTP 200",
    kind: "overloaded",
    modes: ["stream"],
    only: ["chat", "responses", "claude"],
    fault: (adapter) => eventStream(errorFrame(adapter, "overloaded_error")),
  },
  {
    name: "A-22: a rate limit inside HTTP 200",
    kind: "rate",
    modes: ["stream"],
    fault: (adapter) =>
      eventStream(
        errorFrame(
          adapter,
          adapter === "grok" ? "Some resource has been exhausted" : "rate_limit_error",
        ),
      ),
  },
  { name: "A-35: an empty stream", kind: "truncated", modes: ["stream"], fault: eventStream("") },
  {
    name: "A-35: an end marker alone",
    kind: "truncated",
    modes: ["stream"],
    only: ["chat", "grok"],
    fault: eventStream("data: [DONE]\n\n"),
  },
  {
    name: "A-35: an empty body",
    kind: "protocol",
    modes: ["unary"],
    fault: { status: 200, body: "" },
  },
  {
    name: "A-35: an answer without anything",
    kind: "protocol",
    modes: ["unary"],
    fault: { status: 200, body: {} },
  },
  {
    name: "HTTP 200 with a page",
    kind: "protocol",
    fault: { status: 200, headers: { "content-type": "text/html" }, body: "<html>no</html>" },
  },
  {
    name: "an answer that is no JSON",
    kind: "protocol",
    modes: ["unary"],
    fault: { status: 200, body: "no" },
  },
];

const DIALECTS = {
  chat: chatDialect(false),
  responses: responsesDialect,
  claude: messagesDialect,
  grok: chatDialect(true),
} as const;

/** A stream that sends one word of content, then this frame. */
function afterContent(adapter: Adapter, frame: string): Fault {
  const events = DIALECTS[adapter].events({
    id: "answer_1",
    model: "m",
    reasoning: "",
    refusal: "",
    tokens: ["word"],
    tool: undefined,
    inputTokens: 1,
    outputTokens: 1,
    withUsage: true,
  });
  const first = events.findIndex(({ content }) => content);
  return eventStream(
    events
      .slice(0, first + 1)
      .map(({ text }) => text)
      .join("") + frame,
  );
}

/** Faults of a stream whose reader already has content. */
export const LATE_ROWS: readonly FaultRow[] = [
  { name: "A-20: reset inside the body", kind: "network", fault: { cut_after_bytes: 5_000 } },
  { name: "A-24: malformed", kind: "protocol", fault: { malformed_at: 2 } },
  { name: "A-21: an error in band", kind: "server", fault: { error_at: 2 } },
  { name: "A-20: no end marker", kind: "truncated", fault: { omit_terminator: true } },
  {
    name: "A-27: a rate limit in band",
    kind: "rate",
    fault: (adapter) => {
      const word = adapter === "grok" ? "Some resource has been exhausted" : "rate_limit_error";
      return afterContent(adapter, errorFrame(adapter, word));
    },
  },
  { name: "A-24: silence", kind: "idle", fault: { stall_after_events: 2 } },
];

/** Words of an answer: some thousands of bytes on every wire. */
export const TOKENS = 60;

let serial = 0;

/** A request whose first `attempts` attempts meet the fault; a list has a fault for each attempt. */
export function faultySpec(
  adapter: Adapter,
  { fault }: { readonly fault: FaultRow["fault"] | readonly Fault[] },
  attempts = 9,
  fields: Spec = {},
): Spec {
  const own = typeof fault === "function" ? fault(adapter) : fault;
  const each: readonly Fault[] = Array.isArray(own) ? own : Array(attempts).fill(own);
  // Attempts are counted by script, so each script has a unique name.
  const name = { "x-serial": String(serial++) };
  const faults = each.map((one, index) => ({
    ...one,
    attempt: index + 1,
    headers: { ...(one["headers"] as object | undefined), ...name },
  }));
  const options = { simulator: { faults, tokens: TOKENS } };
  return {
    model: `m-${adapter}`,
    prompt: "Hi",
    ...fields,
    providerOptions: { ...fields.providerOptions, [adapter]: options as never },
  };
}
