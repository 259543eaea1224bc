import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { ProviderData } from "../../domain/provider-data.ts";
import { CallIds } from "./call-id.ts";
import { callData } from "./chat-message-data.ts";
import { protocolError } from "./http-error.ts";
import { createJsonEnd, type JsonEnd } from "./json-end.ts";
import type { OpenPart, PartWriter } from "./part-writer.ts";
import { type DataOrigin, joinedData } from "./provider-json.ts";
import { ANY, type PlacePattern, type RawValues, rawValues } from "./raw-values.ts";
import { stringOf } from "./string-of.ts";

/** A call. Without an identifier or a name, it holds back its fragments. */
interface Call {
  id: string;
  name: string;
  held: string;
  /** All arguments that have arrived. */
  text: string;
  /** Whether only `{}` has arrived, which can be the arguments or a placeholder for later ones. */
  hasPlaceholder: boolean;
  readonly json: JsonEnd;
  part: OpenPart | undefined;
  /** Number of the last chunk with a fragment of the call. */
  chunk: number;
  /** Fields that the vendor adds. */
  data: ProviderData | undefined;
}

/** The calls of a chunk or an answer. */
export interface CallFragments {
  readonly fragments: readonly JsonValue[];
  /** Whether every fragment is a complete call. */
  readonly isWhole: boolean;
  /** The JSON text that the fragments were read from. */
  readonly json: string;
  /** Index of the choice in that text, and its field. */
  readonly position: number;
  readonly field: "message" | "delta";
  /** Whether the call is in `function_call`, not in `tool_calls`. */
  readonly isOld: boolean;
}

/** Places of calls, and of arguments that are not text. */
const CALLS: readonly PlacePattern[] = [
  ["choices", ANY, ANY, "tool_calls", ANY],
  ["choices", ANY, ANY, "tool_calls", ANY, ANY, "arguments"],
  ["choices", ANY, ANY, "tool_calls", ANY, ANY, "input"],
  ["choices", ANY, ANY, "function_call", "arguments"],
];

/** The content of a fragment. */
interface Fragment {
  readonly id: string;
  readonly name: string;
  readonly piece: string;
  readonly index: number | undefined;
  readonly data: ProviderData | undefined;
}

/** JSON texts of calls and of arguments that are not text, looked up once for all fragments of a chunk. */
type Raw = (place: number, ...below: readonly string[]) => string | undefined;

function rawOf({ json, position, field, isOld }: CallFragments): Raw {
  let values: RawValues | undefined;
  return (place, ...below) => {
    values ??= rawValues(json, CALLS);
    return isOld
      ? values.at("choices", position, field, "function_call", ...below.slice(1))
      : values.at("choices", position, field, "tool_calls", place, ...below);
  };
}

/** Text as it is; other values as their JSON text. */
function argumentsOf(called: JsonObject, kind: string, place: number, raw: Raw): string {
  const field = called.arguments === undefined ? "input" : "arguments";
  const value = called[field];
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  return raw(place, kind, field) ?? JSON.stringify(value);
}

/** Reads a fragment. The fields of a call are below the name of its kind. */
function readFragment(fragment: JsonObject, place: number, raw: Raw, origin: DataOrigin): Fragment {
  const kind = isJsonObject(fragment.function) ? "function" : "custom";
  const called = fragment[kind];
  const { index } = fragment;
  return {
    id: stringOf(fragment.id),
    name: isJsonObject(called) ? stringOf(called.name) : "",
    piece: isJsonObject(called) ? argumentsOf(called, kind, place, raw) : "",
    index: typeof index === "number" ? index : undefined,
    data: callData(fragment, () => raw(place), origin),
  };
}

/** Whether only white space can follow. */
function isWhole(call: Call): boolean {
  return call.hasPlaceholder || call.json.isWhole();
}

/** A new call without content. */
function emptyCall(): Call {
  return {
    id: "",
    name: "",
    held: "",
    text: "",
    hasPlaceholder: false,
    json: createJsonEnd(),
    part: undefined,
    chunk: 0,
    data: undefined,
  };
}

/** The tool calls of one answer. Servers differ in what identifies a fragment. */
export class ChatToolCalls {
  readonly #writer: PartWriter;
  readonly #ids: CallIds;
  readonly #origin: DataOrigin;
  readonly #calls: Call[] = [];
  readonly #byIndex = new Map<number, Call>();
  readonly #byPlace: Call[] = [];
  readonly #byId = new Map<string, Call>();
  /** Number of the current chunk. */
  #chunk = 0;

  /** `newId` creates identifiers of calls that have none of their own. */
  constructor(writer: PartWriter, newId: () => string, origin: DataOrigin) {
    this.#writer = writer;
    this.#ids = new CallIds(newId);
    this.#origin = origin;
  }

  /** Number of started calls. */
  get count(): number {
    return this.#calls.filter((call) => call.part !== undefined).length;
  }

  /** Whether any call has a name. */
  get hasAny(): boolean {
    return this.#calls.some(({ name }) => name !== "");
  }

  /** Whether the arguments of a call lack their end. */
  get isCut(): boolean {
    return this.#calls.some(
      (call) => !isWhole(call) && (call.held !== "" || call.part?.isWritten() === true),
    );
  }

  read(all: CallFragments): void {
    this.#chunk++;
    const raw = rawOf(all);
    for (let place = 0; place < all.fragments.length; place++) {
      const fragment = all.fragments[place];
      if (!isJsonObject(fragment)) continue;
      this.#take(readFragment(fragment, place, raw, this.#origin), place, all.isWhole);
    }
  }

  /** Ends complete calls: only fragments of other calls can follow. */
  endWhole(): void {
    for (const call of this.#calls) {
      if (!call.json.isWhole()) return;
      this.#end(call);
    }
  }

  end(): void {
    for (const call of this.#calls) this.#end(call);
  }

  /**
   * Whether a fragment belongs to a call after `call`, without other evidence. It does if the name differs, if an
   * identifier or a name arrives after complete arguments or twice in one chunk, or if the name comes with more
   * arguments than a call can have.
   */
  #isNext(call: Call, fragment: Fragment): boolean {
    const { id, name } = fragment;
    if (name !== "" && call.name !== "" && name !== call.name) return true;
    if (this.#isRepeated(call, fragment)) return false;
    if (this.#isTooMuch(call, fragment)) return true;
    const isSame = id !== "" && id === call.id;
    const isNamed = (id !== "" && call.id !== "") || (name !== "" && call.name !== "");
    return isNamed && !isSame && (isWhole(call) || call.chunk === this.#chunk);
  }

  /** Some servers send all arguments again at the end. */
  #isRepeated(call: Call, { id, name, piece, index }: Fragment): boolean {
    if (piece !== call.text || !isWhole(call) || call.chunk === this.#chunk) return false;
    const isSame = name === "" || (id !== "" && id === call.id);
    return isSame && (index === undefined || this.#byIndex.get(index) === call);
  }

  /** Some servers give all calls one identifier: that of the answer, or the name of the function. */
  #isTooMuch(call: Call, { name, piece, index }: Fragment): boolean {
    if (name === "" || piece.trim() === "" || !isWhole(call)) return false;
    if (!call.hasPlaceholder) return true;
    return call.chunk === this.#chunk || (index !== undefined && !this.#byIndex.has(index));
  }

  #begin(): Call {
    const call = emptyCall();
    this.#calls.push(call);
    return call;
  }

  /** The call at this place in earlier chunks, or the first incomplete one after it. */
  #atPlace(place: number): Call | undefined {
    const known = this.#byPlace[place] ?? this.#calls.at(-1);
    if (known === undefined || !known.json.isWhole()) return known;
    return (
      this.#calls.slice(this.#calls.indexOf(known)).find(({ json }) => !json.isWhole()) ?? known
    );
  }

  /**
   * Finds a fragment's call by index, then by identifier, then by its place in the chunk; undefined: the fragment
   * begins a call.
   */
  #find(fragment: Fragment, place: number): Call | undefined {
    const { id, name, index } = fragment;
    const indexed = index === undefined ? undefined : this.#byIndex.get(index);
    const isBoth = id !== "" && indexed?.id === id;
    const named = isBoth ? indexed : id === "" ? undefined : this.#byId.get(id);
    if (indexed === undefined && index !== undefined && named === undefined) return undefined;
    const byPosition = index === undefined && id === "" ? this.#atPlace(place) : undefined;
    const known = named ?? indexed ?? byPosition;
    if (known === undefined || this.#isNext(known, fragment)) return undefined;
    // A name without index and identifier begins a call.
    return known === byPosition && name !== "" && known.name !== "" ? undefined : known;
  }

  #open(call: Call): void {
    call.part = this.#writer.openToolCall(this.#ids.take(call.id), call.name, call.held);
    call.held = "";
  }

  #feed(call: Call, piece: string, isAll: boolean): void {
    if (piece === "") return;
    call.text += piece;
    const isFirst =
      !isAll && !call.hasPlaceholder && call.held === "" && call.part?.isWritten() !== true;
    if (isFirst && piece === "{}") {
      call.hasPlaceholder = true;
      return;
    }
    const isMore = call.hasPlaceholder && !piece.trimStart().startsWith("{");
    call.hasPlaceholder = false;
    const all = isMore ? `{}${piece}` : piece;
    call.json.push(all);
    if (call.part === undefined) call.held += all;
    else call.part.append(all);
  }

  #take(fragment: Fragment, place: number, isOwn: boolean): void {
    const { id, name, piece, index, data } = fragment;
    const known = isOwn ? undefined : this.#find(fragment, place);
    if (known !== undefined && this.#isRepeated(known, fragment)) return;
    const call = known ?? this.#begin();
    if (index !== undefined && this.#byIndex.get(index) !== call) this.#byIndex.set(index, call);
    this.#byPlace[place] = call;
    if (call.id === "" && id !== "") {
      call.id = id;
      if (!this.#byId.has(id)) this.#byId.set(id, call);
    }
    call.name ||= name;
    call.chunk = this.#chunk;
    call.data = joinedData(call.data, data);
    this.#feed(call, piece, isOwn);
    if (call.part === undefined && call.id !== "" && call.name !== "") this.#open(call);
  }

  /** Ends a call. A call without an identifier gets one; an empty one is dropped. */
  #end(call: Call): void {
    if (call.part === undefined) {
      if (call.name === "" && call.held === "") return;
      if (call.name === "") throw protocolError("a tool call of the provider has no name");
      if (call.hasPlaceholder) call.held = "{}";
      this.#open(call);
    }
    const { data } = call;
    call.part?.end(undefined, data === undefined ? undefined : { providerData: data });
  }
}
