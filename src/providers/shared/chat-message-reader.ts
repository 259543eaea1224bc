import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { Annotation, ProviderData, TokenLogprob } from "../../domain/provider-data.ts";
import { ChatMessageData } from "./chat-message-data.ts";
import type { ChatMetadata } from "./chat-metadata.ts";
import { ChatToolCalls } from "./chat-tool-calls.ts";
import { isEmptyValue } from "./is-empty-value.ts";
import { openAiAnnotations } from "./openai-annotations.ts";
import { createPartWriter, type OpenPart, type PartWriter } from "./part-writer.ts";
import type { DataOrigin } from "./provider-json.ts";
import { ANY, type PlacePattern, rawValues } from "./raw-values.ts";
import { textOf } from "./text-of.ts";

/** Place of a message, and the JSON text that it was read from. */
export interface MessageSource {
  /** Whether the message is the whole answer, not a piece. */
  readonly isWhole: boolean;
  readonly json: string;
  /** Index of the choice. */
  readonly position: number;
  readonly field: "message" | "delta";
}

type TextType = "text" | "reasoning" | "refusal";

/** Fields of a message that are not output. */
const FIELDS_OF_FORM: ReadonlySet<string> = new Set(["role", "name", "index"]);

/** Place of a message. */
const MESSAGE: PlacePattern = ["choices", ANY, ANY];

/** Fields of nearly all messages. Further fields are looked up only if a message has others. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  "role",
  "content",
  "refusal",
  "reasoning",
  "reasoning_content",
  "tool_calls",
]);

/** An annotation as the vendor wrote it. */
function ownJson({ providerData }: Annotation): JsonObject {
  return JSON.parse(providerData?.json ?? "{}") as JsonObject;
}

/** Whether the message has a field with output, known or unknown to this reader. */
export function hasOutput(message: JsonObject): boolean {
  return Object.entries(message).some(
    ([field, value]) => !FIELDS_OF_FORM.has(field) && !isEmptyValue(value),
  );
}

/** Reads the message of a Chat Completions answer, whole or in pieces, as parts. */
export class ChatMessageReader {
  readonly #writer: PartWriter = createPartWriter();
  readonly #origin: DataOrigin;
  readonly #metadata: ChatMetadata;
  readonly #calls: ChatToolCalls;
  readonly #data: ChatMessageData;
  /** Sources that belong to the open text, or to the next one. */
  #annotations: Annotation[] = [];
  #transcript = "";
  #open: { readonly type: TextType; readonly part: OpenPart } | undefined;
  #isRefused = false;
  #hasContent = false;
  #isEmpty = true;
  #isOver = false;

  /**
   * `newCallId` creates identifiers of calls that have none. `metadata` receives fields that the contract cannot
   * express.
   */
  constructor(origin: DataOrigin, newCallId: () => string, metadata: ChatMetadata) {
    this.#origin = origin;
    this.#metadata = metadata;
    this.#calls = new ChatToolCalls(this.#writer, newCallId, origin);
    this.#data = new ChatMessageData(origin);
  }

  get events(): PartWriter["events"] {
    return this.#writer.events;
  }

  /** Whether nothing was read that could be output. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Whether no content has followed the finish reason. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get isRefused(): boolean {
    return this.#isRefused;
  }

  get hasCalls(): boolean {
    return this.#calls.count > 0;
  }

  /** Whether there was output and none of it is cut off. */
  get hasAll(): boolean {
    return (this.#hasContent || this.#calls.hasAny) && !this.#calls.isCut;
  }

  /** Fields that the next turn must repeat; undefined: none. */
  get messageData(): ProviderData | undefined {
    return this.#data.data();
  }

  read(
    message: JsonObject,
    source: MessageSource,
    logprobs: readonly TokenLogprob[] | undefined,
  ): void {
    if (this.#isEmpty) this.#isEmpty = !hasOutput(message);
    this.#append("reasoning", textOf(message.reasoning_content) || textOf(message.reasoning));
    this.#readContent(message.content, source, logprobs);
    this.#append("refusal", textOf(message.refusal));
    for (const field in message) {
      if (PLAIN_FIELDS.has(field)) continue;
      this.#readAdded(message, source);
      break;
    }
    if (message.tool_calls || message.function_call) this.#readCalls(message, source);
  }

  /** Called at the finish reason. Counts can follow it, and at some servers more content. */
  takeReason(isWhole: boolean): void {
    this.#isOver = true;
    this.#closeText();
    if (isWhole) this.#calls.end();
    else this.#calls.endWhole();
  }

  endCalls(): void {
    this.#calls.end();
  }

  /** Writes the rest of the message. */
  end(): void {
    this.#closeText();
    this.#calls.end();
    const sound = this.#data.part(this.#transcript);
    if (sound !== undefined) this.#writer.writeWhole(sound);
    if (this.#annotations.length > 0) this.#metadata.annotations(this.#annotations.map(ownJson));
  }

  #closeText(): void {
    const isSourced = this.#open?.type === "text" && this.#annotations.length > 0;
    this.#open?.part.end(undefined, isSourced ? { annotations: this.#annotations } : undefined);
    if (isSourced) this.#annotations = [];
    this.#open = undefined;
  }

  #append(type: TextType, text: string, logprobs?: readonly TokenLogprob[]): void {
    if (text === "" && (logprobs === undefined || this.#open?.type !== "text")) return;
    if (this.#open?.type !== type) {
      this.#closeText();
      this.#open = { type, part: this.#writer.openText(type) };
    }
    this.#hasContent = true;
    this.#isOver = false;
    if (type === "refusal") this.#isRefused = true;
    this.#open.part.append(text, logprobs);
  }

  /** Reads fields that only some servers add to a message. */
  #readAdded(message: JsonObject, { isWhole, json, position, field }: MessageSource): void {
    const place = ["choices", position, field];
    const raw = (name: string) => rawValues(json, [[...MESSAGE, name]]).at(...place, name);
    const annotations = () => raw("annotations");
    this.#annotations.push(...openAiAnnotations(message.annotations, annotations, this.#origin));
    this.#data.read(message, raw);
    if (isJsonObject(message.audio)) {
      const said = textOf(message.audio.transcript);
      this.#transcript += said;
      this.#append("text", said);
    }
    this.#metadata.message(message, json, () => place, isWhole);
  }

  /** Reads a text, or parts, some of which can be thoughts (Mistral). */
  #readContent(
    content: JsonValue | undefined,
    source: MessageSource,
    logprobs: readonly TokenLogprob[] | undefined,
  ): void {
    const isAlone = isJsonObject(content);
    const parts = isAlone ? [content] : content;
    if (!Array.isArray(parts)) return this.#append("text", textOf(parts), logprobs);
    for (const [index, part] of parts.entries()) {
      if (!isJsonObject(part)) this.#append("text", textOf(part), logprobs);
      else if (part.type === "thinking") this.#append("reasoning", textOf(part.thinking));
      else if (part.type === "refusal") this.#append("refusal", textOf(part.refusal));
      else if (part.text !== undefined) this.#append("text", textOf(part.text), logprobs);
      else this.#writeProviderPart(part, source, isAlone ? [] : [index]);
    }
  }

  /** A part of content that is neither text nor thought. */
  #writeProviderPart(part: JsonObject, source: MessageSource, place: readonly number[]): void {
    const { json, position, field } = source;
    const raw = rawValues(json, [[...MESSAGE, "content", ...place.map(() => ANY)] as PlacePattern]);
    const own = raw.at("choices", position, field, "content", ...place) ?? JSON.stringify(part);
    this.#closeText();
    this.#hasContent = true;
    this.#isOver = false;
    this.#writer.writeWhole({ type: "provider", ...this.#origin, json: own });
  }

  /** Reads calls. The older field `function_call` has one call; servers that send both fields mean the same call. */
  #readCalls(message: JsonObject, { isWhole, json, position, field }: MessageSource): void {
    const given = message.tool_calls;
    const isOld = !Array.isArray(given) || given.length === 0;
    if (isOld && !isJsonObject(message.function_call)) return;
    this.#closeText();
    this.#isOver = false;
    const fragments: readonly JsonValue[] = isOld
      ? [{ function: message.function_call ?? null }]
      : given;
    for (const [index, fragment] of fragments.entries()) {
      if (!isJsonObject(fragment)) continue;
      const kind = isJsonObject(fragment.function) ? "function" : "custom";
      const own = isOld ? ["function_call"] : ["tool_calls", index, kind];
      this.#metadata.call(fragment[kind], json, () => ["choices", position, field, ...own]);
    }
    this.#calls.read({ fragments, isWhole, json, position, field, isOld });
  }
}
