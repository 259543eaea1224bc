// Fields of Chat Completions that have no word in the contract: they travel as metadata.
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { AnswerMetadata, type Place } from "./answer-metadata.ts";
import { keepUsage, knownUsage } from "./known-usage.ts";

const KNOWN_CHUNK: ReadonlySet<string> = new Set([
  "id",
  "model",
  "choices",
  "usage",
  "error",
  // What it is, and not what it says; padding.
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

/** Of a call, below the name of its kind. */
const KNOWN_CALLED: ReadonlySet<string> = new Set(["name", "arguments", "input"]);

const CHOICE = { group: "choice" };
const WHOLE_MESSAGE = { group: "message" };
const CALL_PIECE = { group: "function", isPiece: true };
const MESSAGE_PIECE = { group: "message", isPiece: true };

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

/** Keeps what nobody else reads. `others` are fields of a usage that have a place of their own. */
export class ChatMetadata {
  readonly #left = new AnswerMetadata();
  readonly #usage;
  readonly #others: readonly string[];

  constructor(others: readonly string[] = []) {
    this.#others = others;
    this.#usage = knownUsage([...USAGE_FIELDS, ...others], USAGE_GROUPS);
  }

  chunk(chunk: JsonObject, json: string): void {
    this.#left.take(chunk, KNOWN_CHUNK, json, () => []);
  }

  choice(choice: JsonObject, json: string, position: number): void {
    this.#left.take(choice, KNOWN_CHOICE, json, () => ["choices", position], CHOICE);
    const { logprobs } = choice;
    if (logprobs !== null && typeof logprobs === "object" && "refusal" in logprobs) {
      const { refusal } = logprobs;
      if (Array.isArray(refusal)) this.#left.add("refusal_logprobs", refusal, CHOICE);
    }
  }

  message(message: JsonObject, json: string, place: () => Place, isWhole: boolean): void {
    this.#left.take(message, KNOWN_MESSAGE, json, place, isWhole ? WHOLE_MESSAGE : MESSAGE_PIECE);
  }

  /** What stands inside of a call, beside the name and the arguments. */
  call(called: JsonValue | undefined, json: string, place: () => Place): void {
    if (!isJsonObject(called)) return;
    this.#left.take(called, KNOWN_CALLED, json, place, CALL_PIECE);
  }

  usage(usage: JsonObject, json: string, place: Place): void {
    for (const name of this.#others) {
      const value = usage[name];
      if (value !== undefined && value !== null) this.#left.add(name, value);
    }
    keepUsage(this.#left, usage, this.#usage, json, place);
  }

  /** Sources that belong to no text. */
  annotations(annotations: readonly JsonObject[]): void {
    this.#left.add("annotations", [...annotations], MESSAGE_PIECE);
  }

  get isCut(): boolean {
    return this.#left.isCut;
  }

  get metadata() {
    return this.#left.metadata;
  }
}
