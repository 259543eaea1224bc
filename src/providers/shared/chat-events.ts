import type { ReportedCost } from "../../domain/cost.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { Annotation, TokenLogprob } from "../../domain/provider-data.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import type { Warning } from "../../domain/warning.ts";
import { type AnswerReader, parseEvent } from "./answer.ts";
import { CALLS_MISSING, CHOICES_DROPPED, METADATA_CUT } from "./answer-warnings.ts";
import { CHAT_API, ChatMessageData } from "./chat-data.ts";
import { ChatLeft } from "./chat-left.ts";
import { createChatToolCalls } from "./chat-tool-calls.ts";
import { isReported, type UsageReport, usageEvent } from "./chat-usage.ts";
import { finishReasonOf, interruptionOf } from "./finish-reasons.ts";
import { protocolError, truncatedError } from "./http-error.ts";
import { isVoid } from "./is-void.ts";
import type { Place } from "./left-fields.ts";
import { readLogprobs } from "./logprobs.ts";
import { openAiAnnotations } from "./openai-annotations.ts";
import { createPartWriter, type OpenPart } from "./part-writer.ts";
import type { DataOrigin } from "./provider-json.ts";
import { ANY, type PlacePattern, rawValues } from "./raw-values.ts";
import { textOf } from "./text-of.ts";

export interface ChatEventsOptions {
  /** The vendor's arithmetic of `usage`. */
  readonly readUsage: (usage: JsonObject) => UsageReport;
  /** What an error inside the answer means. */
  readonly toError: (payload: unknown) => Error;
  /** An identifier for a call that came without one. */
  readonly newCallId: () => string;
  /** Type of the provider, whose data of messages and calls goes back to it. */
  readonly providerType: string;
  /** Fields of `usage` that stand at the top of the metadata. */
  readonly usageMetadataFields?: readonly string[];
  /** The price that `usage` names; `impossible` where it names one that cannot be. */
  readonly readCost?: (usage: JsonObject) => ReportedCost | "impossible" | undefined;
}

type TextType = "text" | "reasoning" | "refusal";

/** Where a message stands, and the JSON text that it was read from. */
interface Source {
  /** The answer, and not a piece of it. */
  readonly isWhole: boolean;
  readonly json: string;
  /** Of the choice. */
  readonly position: number;
  readonly field: "message" | "delta";
}

/** Fields of a message that are no output. */
const FIELDS_OF_FORM: ReadonlySet<string> = new Set(["role", "name", "index"]);

/** Where a message stands. */
const MESSAGE: PlacePattern = ["choices", ANY, ANY];

/** Fields that nearly all messages have: nothing else is looked for where there are no others. */
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

/** The message has a field with output, whether this reader knows the field or not. */
function hasOutput(message: JsonObject): boolean {
  return Object.entries(message).some(
    ([field, value]) => !FIELDS_OF_FORM.has(field) && !isVoid(value),
  );
}

/** Reads answers of the Chat Completions dialect, whole ones and streams. */
export function createChatReader(options: ChatEventsOptions): AnswerReader {
  const writer = createPartWriter();
  const { events } = writer;
  const origin: DataOrigin = { providerType: options.providerType, api: CHAT_API };
  const calls = createChatToolCalls(writer, options.newCallId, origin);
  const left = new ChatLeft(options.usageMetadataFields);
  const data = new ChatMessageData(origin);
  /** Sources that belong to the text that is open, or comes. */
  let annotations: Annotation[] = [];
  let transcript = "";
  let open: { readonly type: TextType; readonly part: OpenPart } | undefined;
  const told = new Set<Warning>();
  let responseId = "";
  let model = "";
  let refused = false;
  let content = false;
  /** Nothing was read that could be output. */
  let isEmpty = true;
  /** The provider's word, once it has come. */
  let rawReason: string | undefined;
  /** No content has followed the provider's word. */
  let isOver = false;
  /** The provider has told what it counted. */
  let isCounted = false;

  function tellOnce(warning: Warning): void {
    if (told.has(warning)) return;
    told.add(warning);
    events.push({ type: "warning", warning });
  }

  function closeText(): void {
    const isSourced = open?.type === "text" && annotations.length > 0;
    open?.part.end(undefined, isSourced ? { annotations } : undefined);
    if (isSourced) annotations = [];
    open = undefined;
  }

  function append(type: TextType, text: string, logprobs?: readonly TokenLogprob[]): void {
    if (text === "" && (logprobs === undefined || open?.type !== "text")) return;
    if (open?.type !== type) {
      closeText();
      open = { type, part: writer.openText(type) };
    }
    content = true;
    isOver = false;
    if (type === "refusal") refused = true;
    open.part.append(text, logprobs);
  }

  function readMessage(
    message: JsonObject,
    source: Source,
    logprobs: readonly TokenLogprob[] | undefined,
  ): void {
    if (isEmpty) isEmpty = !hasOutput(message);
    append("reasoning", textOf(message.reasoning_content) || textOf(message.reasoning));
    readContent(message.content, source, logprobs);
    append("refusal", textOf(message.refusal));
    for (const field in message) {
      if (!PLAIN_FIELDS.has(field)) return readAdded(message, source);
    }
  }

  /** What only some servers have in a message. */
  function readAdded(message: JsonObject, { isWhole, json, position, field }: Source): void {
    const place = ["choices", position, field];
    const raw = (name: string) => rawValues(json, [[...MESSAGE, name]]).at(...place, name);
    annotations.push(...openAiAnnotations(message.annotations, () => raw("annotations"), origin));
    data.read(message, raw);
    if (isJsonObject(message.audio)) {
      const said = textOf(message.audio.transcript);
      transcript += said;
      append("text", said);
    }
    left.message(message, json, () => place, isWhole);
  }

  /** A text, or parts, of which some are thoughts (Mistral). */
  function readContent(
    content: JsonValue | undefined,
    source: Source,
    logprobs: readonly TokenLogprob[] | undefined,
  ): void {
    const isAlone = isJsonObject(content);
    const parts = isAlone ? [content] : content;
    if (!Array.isArray(parts)) return append("text", textOf(parts), logprobs);
    for (const [index, part] of parts.entries()) {
      if (!isJsonObject(part)) append("text", textOf(part), logprobs);
      else if (part.type === "thinking") append("reasoning", textOf(part.thinking));
      else if (part.type === "refusal") append("refusal", textOf(part.refusal));
      else if (part.text !== undefined) append("text", textOf(part.text), logprobs);
      else writeProviderPart(part, source, isAlone ? [] : [index]);
    }
  }

  /** A part of content that is neither text nor thought. */
  function writeProviderPart(part: JsonObject, source: Source, place: readonly number[]): void {
    const { json, position, field } = source;
    const raw = rawValues(json, [[...MESSAGE, "content", ...place.map(() => ANY)] as PlacePattern]);
    const own = raw.at("choices", position, field, "content", ...place) ?? JSON.stringify(part);
    closeText();
    content = true;
    isOver = false;
    writer.writeWhole({ type: "provider", ...origin, json: own });
  }

  /** The field before `tool_calls` holds one call; a server that sends both means the same one. */
  function readCalls(message: JsonObject, { isWhole, json, position, field }: Source): void {
    const given = message.tool_calls;
    const isOld = !Array.isArray(given) || given.length === 0;
    if (isOld && !isJsonObject(message.function_call)) return;
    closeText();
    isOver = false;
    const fragments: readonly JsonValue[] = isOld
      ? [{ function: message.function_call ?? null }]
      : given;
    for (const [index, fragment] of fragments.entries()) {
      if (!isJsonObject(fragment)) continue;
      const kind = isJsonObject(fragment.function) ? "function" : "custom";
      const own = isOld ? ["function_call"] : ["tool_calls", index, kind];
      left.call(fragment[kind], json, () => ["choices", position, field, ...own]);
    }
    calls.read({ fragments, isWhole, json, position, field, isOld });
  }

  function readHead(chunk: JsonObject): void {
    const id = typeof chunk.id === "string" && chunk.id !== "" ? chunk.id : responseId;
    const name = typeof chunk.model === "string" && chunk.model !== "" ? chunk.model : model;
    if (id !== responseId || name !== model) {
      responseId = id;
      model = name;
      events.push({
        type: "response",
        ...(id === "" ? undefined : { id }),
        ...(name === "" ? undefined : { model: name }),
      });
    }
  }

  /** A chunk, or a whole answer: they differ in `delta` and `message`, and some servers send both. */
  function readChunk(chunk: JsonObject, json: string, isWhole: boolean): void {
    if (chunk.error || chunk.object === "error") throw options.toError(chunk);
    readHead(chunk);
    left.chunk(chunk, json);
    const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
    for (let position = 0; position < choices.length; position++) {
      const choice = choices[position];
      if (!isJsonObject(choice)) continue;
      const field = fieldOf(choice, isWhole);
      const message = choice[field];
      const index = typeof choice.index === "number" ? choice.index : position;
      if (index !== 0) {
        if (isJsonObject(message) && hasOutput(message)) tellOnce(CHOICES_DROPPED);
        continue;
      }
      if (isJsonObject(message)) {
        const { logprobs } = choice;
        const source: Source = { isWhole, json, position, field };
        const tokens = isJsonObject(logprobs) ? readLogprobs(logprobs.content) : undefined;
        readMessage(message, source, tokens);
        if (message.tool_calls || message.function_call) readCalls(message, source);
      }
      left.choice(choice, json, position);
      readReason(choice, isWhole);
      // Moonshot's place for it.
      if (isJsonObject(choice.usage)) {
        readUsage(choice.usage, json, ["choices", position, "usage"]);
      }
    }
    // Nothing but counts follows the reason.
    if (isOver && choices.length === 0) calls.end();
    if (isJsonObject(chunk.usage)) readUsage(chunk.usage, json, ["usage"]);
  }

  /** Where the output of a choice stands; some servers send both, and repeat in one what the other has said. */
  function fieldOf(choice: JsonObject, isWhole: boolean): "message" | "delta" {
    const first = isWhole ? "message" : "delta";
    const second = isWhole ? "delta" : "message";
    const own = choice[first];
    if (!isJsonObject(choice[second])) return first;
    if (!isJsonObject(own)) return second;
    return hasOutput(own) || !isEmpty ? first : second;
  }

  function readReason(choice: JsonObject, isWhole: boolean): void {
    const reason = choice.finish_reason;
    if (typeof reason !== "string" || reason === "") return;
    if (choice.error) throw options.toError(choice.error);
    const interruption = interruptionOf(reason);
    if (interruption !== undefined) throw interruption;
    rawReason = reason;
    isOver = true;
    closeText();
    if (isWhole) calls.end();
    else calls.endWhole();
  }

  function readUsage(usage: JsonObject, json: string, place: Place): void {
    left.usage(usage, json, place);
    const report = options.readUsage(usage);
    isCounted ||= isReported(report);
    const cost = options.readCost?.(usage);
    if (isReported(report) || cost !== undefined) events.push(usageEvent(report, cost));
  }

  function finishReason(raw: string): FinishReason {
    const reason = finishReasonOf(raw) ?? "other";
    if (reason === "tool-calls" && calls.count() === 0) return withoutCalls();
    if (reason !== "stop" && raw !== "") return reason;
    if (refused) return "refusal";
    // A forced call can end with `stop`.
    return calls.count() > 0 ? "tool-calls" : reason;
  }

  /** The vendor says that there are calls, and none came. */
  function withoutCalls(): FinishReason {
    if (isEmpty) return "stop";
    tellOnce(CALLS_MISSING);
    return "other";
  }

  function finish(raw: string): void {
    closeText();
    calls.end();
    const sound = data.part(transcript);
    if (sound !== undefined) writer.writeWhole(sound);
    if (annotations.length > 0) left.annotations(annotations.map(ownJson));
    if (left.isCut) tellOnce(METADATA_CUT);
    const reason = finishReason(raw);
    const messageData = data.data();
    events.push({
      type: "finish",
      reason,
      rawReason: raw,
      ...(isEmpty && { isEmpty }),
      ...left.metadata,
      ...(messageData !== undefined && { messageData }),
    });
  }

  /** Something came, and nothing of it is cut. */
  function hasAll(): boolean {
    return (content || calls.hasAny()) && !calls.isCut();
  }

  return {
    events,
    readEvent({ name, data }) {
      if (data.trim() === "[DONE]") {
        // Servers that give no reason count what they have made; a proxy in front of a broken one does not.
        if (rawReason === undefined && !(isCounted && hasAll())) throw truncatedError();
        finish(rawReason ?? "");
        return true;
      }
      // A comment that a bad proxy has wrapped into data.
      if (data.startsWith(":")) return false;
      // It can be words alone.
      if (name === "error") throw options.toError(data);
      readChunk(parseEvent(data), data, false);
      return false;
    },
    isWhole: () => isOver,
    readEnd() {
      // Many compatible servers never send the end marker: the finish reason is the vendor's word.
      if (rawReason === undefined) throw truncatedError();
      finish(rawReason);
    },
    readBody(body, json) {
      readChunk(body, json, true);
      if (!Array.isArray(body.choices) || body.choices.length === 0) {
        throw protocolError("the provider's answer has no choices");
      }
      if (rawReason === undefined && !hasAll()) throw truncatedError();
      finish(rawReason ?? "");
    },
  };
}
