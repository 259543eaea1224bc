import { inPieces, sse, type UpstreamAnswer, type WireDialect, type WireEvent } from "./script.ts";

function stopReason(answer: UpstreamAnswer): string {
  if (answer.refusal !== "") return "refusal";
  return answer.tool === undefined ? "end_turn" : "tool_use";
}

/** Cache reads are reported separately from the input. */
function inputUsage({ inputTokens }: UpstreamAnswer) {
  return {
    input_tokens: inputTokens - 2,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 2,
  };
}

function outputUsage(answer: UpstreamAnswer) {
  return {
    output_tokens: answer.outputTokens,
    output_tokens_details: { thinking_tokens: answer.reasoning === "" ? 0 : 3 },
  };
}

function blocks(answer: UpstreamAnswer): { [key: string]: unknown }[] {
  const thinking =
    answer.reasoning === ""
      ? []
      : [{ type: "thinking", thinking: answer.reasoning, signature: "EqQB" }];
  if (answer.tool !== undefined) {
    const { id, name, json } = answer.tool;
    return [...thinking, { type: "tool_use", id, name, input: JSON.parse(json) as unknown }];
  }
  if (answer.refusal !== "") return thinking;
  return [...thinking, { type: "text", text: answer.tokens.join(""), citations: null }];
}

const FAILURE = { type: "error", error: { type: "api_error", message: "scripted" } };

/** Anthropic's Messages. */
export const messagesDialect: WireDialect = {
  whole: (answer) => ({
    id: answer.id,
    type: "message",
    role: "assistant",
    model: answer.model,
    content: blocks(answer),
    stop_reason: stopReason(answer),
    stop_sequence: null,
    usage: { ...inputUsage(answer), ...outputUsage(answer) },
  }),
  events(answer) {
    const events: WireEvent[] = [];
    const add = (type: string, fields: object, content = false): void => {
      events.push({ text: sse({ type, ...fields }, type), content });
    };
    const head = { id: answer.id, type: "message", role: "assistant", model: answer.model };
    const usage = { ...inputUsage(answer), output_tokens: 1 };
    add("message_start", {
      message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage },
    });
    for (const [index, block] of blocks(answer).entries()) {
      const delta = (fields: object, content = true): void =>
        add("content_block_delta", { index, delta: fields }, content);
      if (block["type"] === "thinking") {
        add("content_block_start", {
          index,
          content_block: { type: "thinking", thinking: "", signature: "" },
        });
        delta({ type: "thinking_delta", thinking: answer.reasoning });
        delta({ type: "signature_delta", signature: "EqQB" }, false);
      } else if (block["type"] === "tool_use") {
        add("content_block_start", { index, content_block: { ...block, input: {} } }, true);
        for (const partial_json of inPieces(answer.tool?.json ?? "")) {
          delta({ type: "input_json_delta", partial_json });
        }
      } else {
        add("content_block_start", {
          index,
          content_block: { type: "text", text: "", citations: null },
        });
        for (const text of answer.tokens) delta({ type: "text_delta", text });
      }
      add("content_block_stop", { index });
    }
    add("message_delta", {
      delta: { stop_reason: stopReason(answer), stop_sequence: null },
      usage: outputUsage(answer),
    });
    return events;
  },
  terminator: () => sse({ type: "message_stop" }, "message_stop"),
  ping: () => sse({ type: "ping" }, "ping"),
  error: () => sse(FAILURE, "error"),
  failure: () => FAILURE,
  malformed: () => sse('{"broken', "content_block_delta"),
};
