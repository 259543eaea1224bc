import { sse, type UpstreamAnswer, type WireDialect, type WireEvent } from "./script.ts";

function usage(answer: UpstreamAnswer, xai: boolean) {
  const { inputTokens, outputTokens } = answer;
  const reasoning = answer.reasoning === "" ? 0 : 3;
  // xAI counts reasoning beside the completion.
  const completion = xai ? outputTokens - reasoning : outputTokens;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: completion,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: 2 },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

function toolCalls(answer: UpstreamAnswer) {
  if (answer.tool === undefined) return undefined;
  const { id, name, json } = answer.tool;
  return [{ index: 0, id, type: "function", function: { name, arguments: json } }];
}

function finishReason(answer: UpstreamAnswer): string {
  return answer.tool === undefined ? "stop" : "tool_calls";
}

/** OpenAI's Chat Completions, or xAI's flavour of it. */
export function chatDialect(xai: boolean): WireDialect {
  const reasoningField = "reasoning_content";
  return {
    whole(answer) {
      const calls = toolCalls(answer);
      return {
        id: answer.id,
        object: "chat.completion",
        created: 1_790_000_000,
        model: answer.model,
        choices: [
          {
            index: 0,
            finish_reason: finishReason(answer),
            logprobs: null,
            message: {
              role: "assistant",
              content: calls === undefined && answer.refusal === "" ? answer.tokens.join("") : null,
              refusal: answer.refusal === "" ? null : answer.refusal,
              ...(answer.reasoning !== "" && { [reasoningField]: answer.reasoning }),
              ...(calls !== undefined && { tool_calls: calls }),
            },
          },
        ],
        usage: usage(answer, xai),
      };
    },
    events(answer) {
      const head = {
        id: answer.id,
        object: "chat.completion.chunk",
        created: 1_790_000_000,
        model: answer.model,
      };
      const chunk = (delta: object, finish: string | null = null): string =>
        sse({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] });
      const events: WireEvent[] = [];
      const add = (text: string, content = false): void => void events.push({ text, content });
      if (!xai) add(chunk({ role: "assistant", content: "", refusal: null }));
      if (answer.reasoning !== "") add(chunk({ [reasoningField]: answer.reasoning }), true);
      if (answer.refusal !== "") add(chunk({ refusal: answer.refusal }), true);
      else if (answer.tool !== undefined) {
        const { id, name, json } = answer.tool;
        const call = (fields: object, body: object): object => ({
          tool_calls: [{ index: 0, ...fields, function: body }],
        });
        if (xai) add(chunk(call({ id, type: "function" }, { name, arguments: json })), true);
        else {
          add(chunk(call({ id, type: "function" }, { name, arguments: "" })), true);
          for (const piece of json.match(/.{1,3}/gsu) ?? []) {
            add(chunk(call({}, { arguments: piece })), true);
          }
        }
      } else for (const token of answer.tokens) add(chunk({ content: token }), true);
      add(chunk({}, finishReason(answer)));
      if (answer.withUsage) add(sse({ ...head, choices: [], usage: usage(answer, xai) }));
      return events;
    },
    terminator: () => sse("[DONE]"),
    ping: () => ": keep-alive\n\n",
    error: () => sse({ error: { message: "scripted", type: "server_error", code: null } }),
  };
}
