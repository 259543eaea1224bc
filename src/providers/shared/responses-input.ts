import { type FieldViolation, invalidField } from "../../domain/gateway-error.ts";
import type {
  FilePart,
  ImagePart,
  Message,
  Part,
  ProviderPart,
  TextPart,
  ToolCallPart,
} from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Model } from "../../domain/model.ts";
import type { ProviderData } from "../../domain/provider-data.ts";
import { type CacheField, cacheMark, dataUrl } from "./chat-messages.ts";
import { RawJson, rawArray, rawObject } from "./json-body.ts";
import { misplacedPart, type Placements } from "./placements.ts";
import { rawPart, withData } from "./provider-json.ts";
import { decodeReasoning, isOwnSignature } from "./reasoning-signature.ts";
import { isCustomCall } from "./response-data.ts";

function encodeImage({ source, detail }: ImagePart): JsonObject {
  const image =
    source.type === "provider-file"
      ? { file_id: source.fileId }
      : { image_url: source.type === "inline" ? dataUrl(source) : source.uri };
  return { type: "input_image", ...image, detail: detail ?? "auto" };
}

function encodeFile({ source, filename }: FilePart): JsonObject {
  switch (source.type) {
    case "provider-file":
      return { type: "input_file", file_id: source.fileId };
    case "uri":
      return { type: "input_file", file_url: source.uri };
    case "inline":
      return { type: "input_file", filename: filename || "file", file_data: dataUrl(source) };
  }
}

/** An object of the body. With fields of the vendor, it is JSON text. */
type Encoded = JsonObject | RawJson;

function raw(encoded: Encoded): RawJson {
  return encoded instanceof RawJson ? encoded : rawObject(encoded);
}

function encodeInputPart(part: Part, path: string, cacheField: CacheField | undefined): Encoded {
  const encoded = encodeInput(part, path);
  const mark = cacheMark(part.cacheHint, cacheField);
  if (encoded instanceof RawJson) return encoded;
  const marked = { ...encoded, ...mark };
  return part.providerData === undefined ? marked : withData(marked, part.providerData);
}

function encodeInput(part: Part, path: string): Encoded {
  switch (part.type) {
    case "text":
      return { type: "input_text", text: part.text };
    case "image":
      return encodeImage(part);
    case "file":
      return encodeFile(part);
    case "provider":
      return rawPart(part);
    default:
      throw invalidField(path, `a part of type ${part.type} cannot stand here at this provider`);
  }
}

/** A single plain text as a string, otherwise a list. */
function output(parts: readonly Encoded[]): RawJson | string {
  const [first] = parts;
  if (first === undefined) return "";
  const plain =
    parts.length === 1 &&
    !(first instanceof RawJson) &&
    first.type === "input_text" &&
    Object.keys(first).length === 2;
  return plain && typeof first.text === "string" ? first.text : rawArray(parts.map(raw));
}

/** State of the conversation so far. */
interface Context {
  readonly cacheField: CacheField | undefined;
  /** Calls with free text, whose results have another type. */
  readonly customCalls: Set<string>;
}

function encodeToolResult(
  part: Extract<Part, { type: "tool-result" }>,
  path: string,
  { cacheField, customCalls }: Context,
): RawJson {
  const parts = part.content.map((entry, index) =>
    encodeInputPart(entry, `${path}.content[${index}]`, cacheField),
  );
  // The wire has no flag for a failed tool, so the text marks it.
  if (part.isError) parts.unshift({ type: "input_text", text: "Error:" });
  const type = customCalls.has(part.toolCallId)
    ? "custom_tool_call_output"
    : "function_call_output";
  return withData({ type, call_id: part.toolCallId, output: output(parts) }, part.providerData);
}

/** Items of one message, with the open content that further texts join. */
class Items {
  readonly #role: string;
  readonly #all: RawJson[] = [];
  #content: RawJson[] = [];
  #data: ProviderData | undefined;

  constructor(role: string) {
    this.#role = role;
  }

  /** Adjacent parts with the same vendor data share one message. */
  add(content: RawJson, data?: ProviderData): void {
    if (data?.json !== this.#data?.json) this.#flush();
    this.#data = data;
    this.#content.push(content);
  }

  addItem(item: RawJson): void {
    this.#flush();
    this.#all.push(item);
  }

  #flush(): void {
    if (this.#content.length === 0) return;
    const fields = { type: "message", role: this.#role, content: rawArray(this.#content) };
    this.#all.push(withData(fields, this.#data));
    this.#content = [];
  }

  all(): readonly RawJson[] {
    this.#flush();
    return this.#all;
  }
}

function encodeAnswerText({ text, annotations = [] }: TextPart): RawJson {
  const own = annotations.flatMap(({ providerData }) =>
    providerData === undefined ? [] : [rawPart(providerData)],
  );
  return rawObject({ type: "output_text", text, annotations: rawArray(own) });
}

/** An assistant turn, as items in the order of its parts. */
function encodeAssistant(message: Message, path: string, context: Context): readonly RawJson[] {
  const items = new Items("assistant");
  for (const [index, part] of message.parts.entries()) {
    if (part.type === "text") items.add(encodeAnswerText(part), part.providerData);
    else if (part.type === "refusal") {
      items.add(rawObject({ type: "refusal", refusal: part.text }), part.providerData);
    } else {
      const item = encodeItem(part, `${path}.parts[${index}]`, context);
      if (item !== undefined) items.addItem(item);
    }
  }
  return items.all();
}

function encodeCall(part: ToolCallPart, { customCalls }: Context): RawJson {
  const { id, name, argumentsJson } = part;
  const data = part.providerData;
  if (!isCustomCall(part)) {
    return withData({ type: "function_call", call_id: id, name, arguments: argumentsJson }, data);
  }
  customCalls.add(id);
  return withData({ type: "custom_tool_call", call_id: id, name, input: argumentsJson }, data);
}

function encodeItem(part: Part, path: string, context: Context): RawJson | undefined {
  switch (part.type) {
    case "tool-call":
      return encodeCall(part, context);
    case "provider":
      return rawPart(part);
    case "reasoning":
      // Without its signature, the provider accepts no reasoning.
      return part.signature.length === 0
        ? undefined
        : withData(
            decodeReasoning(part.signature, `${path}.reasoning.signature`),
            part.providerData,
          );
    default:
      throw invalidField(path, `a part of type ${part.type} cannot stand here at this provider`);
  }
}

/** Whether the part is content of a message, by the prefix that the vendor uses for input. */
function isContent(part: ProviderPart): boolean {
  const { type } = JSON.parse(part.json) as JsonObject;
  return typeof type === "string" && type.startsWith("input_");
}

function encodeMessage(message: Message, path: string, context: Context): readonly RawJson[] {
  if (message.role === "assistant") return encodeAssistant(message, path, context);
  const results: RawJson[] = [];
  const items = new Items(message.role);
  for (const [index, part] of message.parts.entries()) {
    const partPath = `${path}.parts[${index}]`;
    if (part.type === "tool-result") results.push(encodeToolResult(part, partPath, context));
    else if (part.type === "provider" && !isContent(part)) items.addItem(rawPart(part));
    else items.add(raw(encodeInputPart(part, partPath, context.cacheField)));
  }
  return [...results, ...items.all()];
}

const PLACEMENTS: Placements = {
  parts: {
    system: ["text", "image", "file", "tool-result"],
    user: ["text", "image", "file", "tool-result", "provider"],
    assistant: ["text", "refusal", "reasoning", "tool-call", "provider"],
    tool: ["text", "image", "file", "tool-result", "provider"],
    "tool-result": ["text", "image", "file", "provider"],
  },
  image: ["inline", "uri", "provider-file"],
  file: ["inline", "uri", "provider-file"],
};

/**
 * The part of these messages that `encodeConversation` cannot encode for this target; undefined: all can be encoded.
 */
export function unsupportedInput(
  messages: readonly Message[],
  { provider, providerType }: Model,
): FieldViolation | undefined {
  const found = misplacedPart(messages, PLACEMENTS);
  if (found !== undefined) return found;
  for (const [index, { parts }] of messages.entries()) {
    for (const [position, part] of parts.entries()) {
      if (part.type !== "reasoning") continue;
      // Reasoning of other types was left out before.
      if (part.provider !== provider && part.provider !== providerType) continue;
      if (part.signature.length === 0 || isOwnSignature(part.signature)) continue;
      const field = `spec.messages[${index}].parts[${position}].reasoning.signature`;
      return { field, description: "reasoning with a signature that is not its own" };
    }
  }
  return undefined;
}

/** `input` of a Responses request. Throws `GatewayError` for a part that the wire cannot carry. */
export function encodeConversation(
  messages: readonly Message[],
  cacheField: CacheField | undefined,
): RawJson {
  const context: Context = { cacheField, customCalls: new Set() };
  return rawArray(
    messages.flatMap((message, index) =>
      encodeMessage(message, `spec.messages[${index}]`, context),
    ),
  );
}
