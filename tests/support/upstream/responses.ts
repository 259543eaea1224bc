import { sse, type UpstreamAnswer, type WireDialect, type WireEvent } from "./script.ts";

function usage({ inputTokens, outputTokens, reasoning }: UpstreamAnswer) {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 2, cache_write_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoning === "" ? 0 : 3 },
    total_tokens: inputTokens + outputTokens,
  };
}

function items(answer: UpstreamAnswer): { type: string; [key: string]: unknown }[] {
  const reasoning =
    answer.reasoning === ""
      ? []
      : [
          {
            type: "reasoning",
            id: "rs_1",
            summary: [{ type: "summary_text", text: answer.reasoning }],
            encrypted_content: "gAAA",
          },
        ];
  if (answer.tool !== undefined) {
    const { id, name, json } = answer.tool;
    const call = { type: "function_call", id: "fc_1", call_id: id, name, arguments: json };
    return [...reasoning, { ...call, status: "completed" }];
  }
  const content =
    answer.refusal === ""
      ? { type: "output_text", text: answer.tokens.join(""), annotations: [] }
      : { type: "refusal", refusal: answer.refusal };
  const message = { type: "message", id: "msg_1", role: "assistant", status: "completed" };
  return [...reasoning, { ...message, content: [content] }];
}

function whole(answer: UpstreamAnswer) {
  return {
    id: answer.id,
    object: "response",
    status: "completed",
    model: answer.model,
    output: items(answer),
    usage: usage(answer),
    error: null,
    incomplete_details: null,
  };
}

/** OpenAI's Responses. */
export const responsesDialect: WireDialect = {
  whole,
  events(answer) {
    const events: WireEvent[] = [];
    let sequence = 0;
    const add = (type: string, fields: object, content = false): void => {
      events.push({ text: sse({ type, sequence_number: sequence++, ...fields }, type), content });
    };
    const response = { id: answer.id, object: "response", model: answer.model, output: [] };
    add("response.created", { response: { ...response, status: "in_progress", usage: null } });
    for (const [output_index, item] of items(answer).entries()) {
      const started = item.type === "function_call" ? { ...item, arguments: "" } : item;
      const empty = item.type === "message" ? { ...item, content: [] } : started;
      const opened = item.type === "reasoning" ? { ...item, summary: [] } : empty;
      add("response.output_item.added", { output_index, item: opened });
      const at = { item_id: String(item["id"]), output_index, content_index: 0 };
      if (item.type === "reasoning") {
        const delta = answer.reasoning;
        const where = { output_index, summary_index: 0 };
        add("response.reasoning_summary_text.delta", { ...where, delta }, true);
      } else if (item.type === "function_call") {
        for (const delta of (answer.tool?.json ?? "").match(/.{1,3}/gsu) ?? []) {
          add("response.function_call_arguments.delta", { output_index, delta }, true);
        }
      } else if (answer.refusal !== "") {
        add("response.refusal.delta", { ...at, delta: answer.refusal }, true);
      } else {
        for (const delta of answer.tokens) {
          add("response.output_text.delta", { ...at, delta }, true);
        }
      }
      add("response.output_item.done", { output_index, item });
    }
    return events;
  },
  terminator: (answer) =>
    sse({ type: "response.completed", response: whole(answer) }, "response.completed"),
  ping: () => ": keep-alive\n\n",
  error: () => sse({ type: "error", code: "server_error", message: "scripted" }, "error"),
};
