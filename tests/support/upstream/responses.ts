import { inPieces, sse, type UpstreamAnswer, type WireDialect, type WireEvent } from "./script.ts";

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

type Add = (type: string, fields: object, content?: boolean) => void;

/** Events between the beginning and the end of an item. */
function addItem(add: Add, answer: UpstreamAnswer, item: object & { type: string }, at: object) {
  if (item.type === "reasoning") {
    const { reasoning: text } = answer;
    const where = { ...at, summary_index: 0 };
    add("response.reasoning_summary_part.added", {
      ...where,
      part: { type: "summary_text", text: "" },
    });
    add("response.reasoning_summary_text.delta", { ...where, delta: text }, true);
    add("response.reasoning_summary_text.done", { ...where, text });
    add("response.reasoning_summary_part.done", { ...where, part: { type: "summary_text", text } });
    return;
  }
  if (answer.tool !== undefined) {
    const { name, json } = answer.tool;
    for (const delta of inPieces(json)) {
      add("response.function_call_arguments.delta", { ...at, delta }, true);
    }
    add("response.function_call_arguments.done", { ...at, name, arguments: json });
    return;
  }
  const where = { ...at, content_index: 0 };
  const { refusal } = answer;
  if (refusal !== "") {
    add("response.content_part.added", { ...where, part: { type: "refusal", refusal: "" } });
    add("response.refusal.delta", { ...where, delta: refusal }, true);
    add("response.refusal.done", { ...where, refusal });
    add("response.content_part.done", { ...where, part: { type: "refusal", refusal } });
    return;
  }
  const part = (text: string): object => ({ type: "output_text", text, annotations: [] });
  const text = answer.tokens.join("");
  add("response.content_part.added", { ...where, part: part("") });
  for (const delta of answer.tokens) {
    add("response.output_text.delta", { ...where, delta, logprobs: [] }, true);
  }
  add("response.output_text.done", { ...where, text, logprobs: [] });
  add("response.content_part.done", { ...where, part: part(text) });
}

/** An item at its beginning, without content. */
const EMPTY: Readonly<Record<string, object>> = {
  message: { status: "in_progress", content: [] },
  function_call: { status: "in_progress", arguments: "" },
  reasoning: { summary: [] },
};

/** OpenAI's Responses. */
export const responsesDialect: WireDialect = {
  whole,
  events(answer) {
    const events: WireEvent[] = [];
    const add: Add = (type, fields, content = false) => {
      const event = { type, sequence_number: events.length, ...fields };
      events.push({ text: sse(event, type), content });
    };
    const { id, model } = answer;
    const response = { id, object: "response", model, output: [], status: "in_progress" };
    add("response.created", { response: { ...response, usage: null } });
    add("response.in_progress", { response: { ...response, usage: null } });
    for (const [output_index, item] of items(answer).entries()) {
      const started = { ...item, ...EMPTY[item.type] };
      add("response.output_item.added", { output_index, item: started });
      addItem(add, answer, item, { item_id: item["id"], output_index });
      add("response.output_item.done", { output_index, item });
    }
    return events;
  },
  terminator: (answer, sequence_number) =>
    sse(
      { type: "response.completed", sequence_number, response: whole(answer) },
      "response.completed",
    ),
  error: () =>
    sse({ type: "error", code: "server_error", message: "scripted", param: null }, "error"),
  failure: (answer) => ({
    ...whole(answer),
    status: "failed",
    output: [],
    error: { code: "server_error", message: "scripted" },
  }),
  malformed: () => sse('{"broken', "response.output_text.delta"),
  ping: () => ": keep-alive\n\n",
};
