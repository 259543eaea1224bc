import type {
  GenerationSpec,
  OutputFormat,
  Tool,
  ToolChoice,
} from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { ProviderRequest } from "../provider.ts";
import { type ChatMessageWire, encodeChatMessages } from "./chat-messages.ts";
import { fitCallIds } from "./fit-call-ids.ts";
import {
  type BodyFields,
  encodeBody,
  type OnIgnored,
  RawJson,
  rawArray,
  rawObject,
} from "./json-body.ts";

/** Differences between servers of Chat Completions. */
export interface ChatWire extends ChatMessageWire {
  /** `max_completion_tokens`, or `max_tokens` for servers without the newer field. */
  readonly tokenLimitField: string;
  /** Field for the end user's pseudonym: `safety_identifier` or `user`. */
  readonly endUserField: string;
  readonly endUserId: string | undefined;
  /** `seed`, or Mistral's `random_seed`. */
  readonly seedField: string;
  /** Whether streams may ask for `stream_options`. Some servers refuse the field, and always report usage. */
  readonly streamOptions: boolean;
  /** Whether the server pads streamed deltas unless told otherwise. */
  readonly obfuscates: boolean;
}

/** `""` as undefined. */
export function nonEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function encodeTool(tool: Tool): RawJson {
  if (tool.type === "provider") return rawObject(tool.config);
  const { name, description, parametersJsonSchema, strict } = tool;
  return rawObject({
    type: "function",
    function: rawObject({
      name,
      description: nonEmpty(description),
      parameters: parametersJsonSchema === "" ? undefined : new RawJson(parametersJsonSchema),
      strict,
    }),
  });
}

function encodeToolChoice({ mode }: ToolChoice): string | JsonObject {
  if (typeof mode === "string") return mode;
  return { type: "function", function: { name: mode.functionName } };
}

/** Tools and their settings. A choice without tools is an error at some servers. */
function toolFields({ tools, toolChoice }: GenerationSpec): BodyFields {
  if (tools.length === 0) return {};
  return {
    tools: rawArray(tools.map(encodeTool)),
    tool_choice: toolChoice === undefined ? undefined : encodeToolChoice(toolChoice),
    parallel_tool_calls: toolChoice?.parallel,
  };
}

function encodeFormat(format: OutputFormat): RawJson | undefined {
  switch (format.type) {
    case "text":
      return undefined;
    case "json-object":
      return rawObject({ type: "json_object" });
    case "json-schema":
      return rawObject({
        type: "json_schema",
        json_schema: rawObject({
          name: format.name,
          description: nonEmpty(format.description),
          schema: new RawJson(format.schema),
          strict: format.strict,
        }),
      });
  }
}

/** The body of a Chat Completions request. Equal requests give equal bytes. */
export function encodeChatBody(
  request: ProviderRequest,
  wire: ChatWire,
  onIgnored?: OnIgnored,
): string {
  const { spec, model, effort, stream, options } = request;
  const { sampling } = spec;
  return encodeBody(
    {
      model: model.providerModel,
      messages: encodeChatMessages(fitCallIds(spec.messages, model.limits.callIds), wire),
      ...toolFields(spec),
      response_format: encodeFormat(spec.outputFormat),
      [wire.tokenLimitField]: sampling.maxOutputTokens,
      temperature: sampling.temperature,
      top_p: sampling.topP,
      top_k: sampling.topK,
      frequency_penalty: sampling.frequencyPenalty,
      presence_penalty: sampling.presencePenalty,
      [wire.seedField]: sampling.seed,
      stop: sampling.stopSequences?.length ? sampling.stopSequences : undefined,
      logprobs: sampling.logprobs === true ? true : undefined,
      top_logprobs: sampling.logprobs === true ? sampling.topLogprobs : undefined,
      reasoning_effort: effort,
      [wire.endUserField]: wire.endUserId,
      stream,
      // Fields of vLLM and SGLang that continue the last message.
      ...(request.continues && { add_generation_prompt: false, continue_final_message: true }),
    },
    options,
    {
      stream_options:
        stream && wire.streamOptions
          ? { include_usage: true, include_obfuscation: wire.obfuscates ? false : undefined }
          : undefined,
    },
    onIgnored,
  );
}
