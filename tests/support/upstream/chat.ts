import { inPieces, sse, type UpstreamAnswer, type WireDialect, type WireEvent } from "./script.ts";

function usage(answer: UpstreamAnswer, xai: boolean) {
  const { inputTokens, outputTokens } = answer;
  const reasoning = answer.reasoning === "" ? 0 : 3;
  // xAI reports reasoning separately from the completion.
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
  const failure = xai
    ? { code: "The service is currently unavailable", error: "scripted" }
    : { error: { message: "scripted", type: "server_error", param: null, code: null } };
  return {
    whole(answer) {
      const calls = toolCalls(answer);
      return {
        id: answer.id,
        object: "chat.completion",
        created: 1_790_000_000,
        model: answer.model,
        system_fingerprint: "fp_1",
        choices: [
          {
            index: 0,
            finish_reason: finishReason(answer),
            logprobs: null,
            message: {
              role: "assistant",
              content: calls === undefined && answer.refusal === "" ? answer.tokens.join("") : null,
              refusal: answer.refusal === "" ? null : answer.refusal,
              ...(answer.reasoning !== "" && { reasoning_content: answer.reasoning }),
              ...(calls !== undefined && { tool_calls: calls }),
            },
          },
        ],
        usage: usage(answer, xai),
      };
    },
    events(answer) {
      const events: WireEvent[] = [];
      const head = () => ({
        id: answer.id,
        object: "chat.completion.chunk",
        // xAI's creation time advances during a stream; it has no meaning.
        created: 1_790_000_000 + (xai ? events.length : 0),
        model: answer.model,
        system_fingerprint: "fp_1",
      });
      const add = (delta: object, content = true, finish: string | null = null): void => {
        const isFirst = content && !events.some((event) => event.content);
        const choice = {
          index: 0,
          delta: xai && isFirst ? { ...delta, role: "assistant" } : delta,
          // xAI leaves out fields that OpenAI sends as null.
          ...((!xai || finish !== null) && { logprobs: null, finish_reason: finish }),
        };
        events.push({ text: sse({ ...head(), choices: [choice] }), content });
      };
      if (!xai) add({ role: "assistant", content: "", refusal: null }, false);
      if (answer.reasoning !== "") add({ reasoning_content: answer.reasoning });
      if (answer.refusal !== "") add({ refusal: answer.refusal });
      else if (answer.tool === undefined)
        for (const token of answer.tokens) add({ content: token });
      else {
        const { id, name, json } = answer.tool;
        const call = (fields: object, body: object): object => ({
          tool_calls: [{ index: 0, ...fields, function: body }],
        });
        // xAI sends a call in one piece.
        add(call({ id, type: "function" }, { name, arguments: xai ? json : "" }));
        if (!xai) for (const piece of inPieces(json)) add(call({}, { arguments: piece }));
      }
      add({}, false, finishReason(answer));
      if (answer.withUsage) {
        const last = { ...head(), choices: [], usage: usage(answer, xai) };
        events.push({ text: sse(last), content: false });
      }
      return events;
    },
    terminator: () => sse("[DONE]"),
    error: () => sse(failure),
    failure: () => failure,
    malformed: () => sse('{"broken'),
    ping: () => ": keep-alive\n\n",
  };
}
