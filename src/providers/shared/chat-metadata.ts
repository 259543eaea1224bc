// Fields of Chat Completions that the contract cannot express. They become metadata.
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { AnswerMetadata, type FieldRules, type Place } from "./answer-metadata.ts";
import { KnownUsage } from "./known-usage.ts";

const KNOWN_CHUNK: ReadonlySet<string> = new Set([
  "id",
  "model",
  "choices",
  "usage",
  "error",
  // Fields about the form, and padding.
  "object",
  "created",
  "obfuscation",
]);
const KNOWN_CHOICE: ReadonlySet<string> = new Set([
  "index",
  "finish_reason",
  "message",
  "delta",
  "logprobs",
  "usage",
]);
const KNOWN_MESSAGE: ReadonlySet<string> = new Set([
  "role",
  "name",
  "index",
  "content",
  "reasoning",
  "reasoning_content",
  "refusal",
  "tool_calls",
  "function_call",
  "annotations",
  "audio",
  "reasoning_details",
  "extra_content",
]);

/** Fields of a call, below the name of its kind. */
const KNOWN_CALLED: ReadonlySet<string> = new Set(["name", "arguments", "input"]);

const CHUNK: FieldRules = { known: KNOWN_CHUNK };
const CHOICE: FieldRules = { known: KNOWN_CHOICE, group: "choice" };
const WHOLE_MESSAGE: FieldRules = { known: KNOWN_MESSAGE, group: "message" };
const MESSAGE_PIECE: FieldRules = { ...WHOLE_MESSAGE, isPiece: true };
const CALL_PIECE: FieldRules = { known: KNOWN_CALLED, group: "function", isPiece: true };

/** Place of a chunk. It is a constant, because it is needed for each chunk. */
const TOP = (): Place => [];

const USAGE_FIELDS = [
  "prompt_tokens",
  "completion_tokens",
  "total_tokens",
  "prompt_cache_hit_tokens",
  "num_cached_tokens",
  "cached_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
  "reasoning_tokens",
];
const USAGE_GROUPS = {
  prompt_tokens_details: ["cached_tokens", "cache_write_tokens"],
  completion_tokens_details: ["reasoning_tokens"],
};

/** The fields of a vendor's usage. They are constants, so that no answer creates them. */
export class ChatUsageFields {
  /** Fields that the metadata has at its top. */
  readonly others: readonly string[];
  readonly known: KnownUsage;

  constructor(others: readonly string[]) {
    this.others = others;
    this.known = new KnownUsage([...USAGE_FIELDS, ...others], USAGE_GROUPS);
  }
}

const USUAL_USAGE = new ChatUsageFields([]);

/** Keeps fields that no other reader uses. */
export class ChatMetadata {
  readonly #metadata = new AnswerMetadata();
  readonly #usage: ChatUsageFields;

  constructor(usage: ChatUsageFields = USUAL_USAGE) {
    this.#usage = usage;
  }

  chunk(chunk: JsonObject, json: string): void {
    this.#metadata.keep(chunk, CHUNK, json, TOP);
  }

  choice(choice: JsonObject, json: string, position: number): void {
    this.#metadata.keep(choice, CHOICE, json, () => ["choices", position]);
    const { logprobs } = choice;
    if (logprobs !== null && typeof logprobs === "object" && "refusal" in logprobs) {
      const { refusal } = logprobs;
      if (Array.isArray(refusal)) this.#metadata.add("refusal_logprobs", refusal, CHOICE);
    }
  }

  message(message: JsonObject, json: string, place: () => Place, isWhole: boolean): void {
    this.#metadata.keep(message, isWhole ? WHOLE_MESSAGE : MESSAGE_PIECE, json, place);
  }

  /** Keeps fields inside a call beside its name and arguments. */
  call(called: JsonValue | undefined, json: string, place: () => Place): void {
    if (!isJsonObject(called)) return;
    this.#metadata.keep(called, CALL_PIECE, json, place);
  }

  usage(usage: JsonObject, json: string, place: Place): void {
    for (const name of this.#usage.others) {
      const value = usage[name];
      if (value !== undefined && value !== null) this.#metadata.add(name, value);
    }
    this.#usage.known.keepOthers(this.#metadata, usage, json, place);
  }

  /** Keeps sources that belong to no text. */
  annotations(annotations: readonly JsonObject[]): void {
    this.#metadata.add("annotations", [...annotations], MESSAGE_PIECE);
  }

  get isCut(): boolean {
    return this.#metadata.isCut;
  }

  get metadata() {
    return this.#metadata.metadata;
  }
}
