import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { ProviderData } from "../../domain/provider-data.ts";
import { usableId } from "./call-id.ts";
import { callData } from "./chat-message-data.ts";
import { protocolError } from "./http-error.ts";
import { createJsonEnd, type JsonEnd } from "./json-end.ts";
import type { OpenPart, PartWriter } from "./part-writer.ts";
import { type DataOrigin, joinedData } from "./provider-json.ts";
import { ANY, type PlacePattern, type RawValues, rawValues } from "./raw-values.ts";
import { stringOf } from "./string-of.ts";

/** A call whose identifier or name has not come yet keeps its fragments. */
interface Call {
  id: string;
  name: string;
  held: string;
  /** All that came is `{}`: it can be the arguments, or stand for arguments that follow. */
  hasPlaceholder: boolean;
  readonly json: JsonEnd;
  part: OpenPart | undefined;
  /** The chunk that has added to it last, by its number. */
  chunk: number;
  /** What the vendor adds. */
  data: ProviderData | undefined;
}

/** Calls as they stand in a chunk or an answer. */
export interface CallFragments {
  readonly fragments: readonly JsonValue[];
  /** Every fragment is a call of its own. */
  readonly isWhole: boolean;
  /** The JSON text that the fragments were read from. */
  readonly json: string;
  /** Where they stand in it: the choice, and its field. */
  readonly position: number;
  readonly field: "message" | "delta";
  /** In `function_call` and not in `tool_calls`. */
  readonly isOld: boolean;
}

/** Where calls stand, and in them arguments that are not text. */
const CALLS: readonly PlacePattern[] = [
  ["choices", ANY, ANY, "tool_calls", ANY],
  ["choices", ANY, ANY, "tool_calls", ANY, ANY, "arguments"],
  ["choices", ANY, ANY, "tool_calls", ANY, ANY, "input"],
  ["choices", ANY, ANY, "function_call", "arguments"],
];

/** What a fragment says of its call. */
interface Fragment {
  readonly id: string;
  readonly name: string;
  readonly piece: string;
  readonly index: number | undefined;
  readonly data: ProviderData | undefined;
}

/** Texts of calls, and of arguments that are none, found at once for all fragments of a chunk. */
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

/** Text as it is; anything else as the JSON text that it was. */
function argumentsOf(called: JsonObject, kind: string, place: number, raw: Raw): string {
  const field = called.arguments === undefined ? "input" : "arguments";
  const value = called[field];
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  return raw(place, kind, field) ?? JSON.stringify(value);
}

/** The fields of a call stand below the name of its kind. */
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

/** Nothing but white space can follow. */
function isWhole(call: Call): boolean {
  return call.hasPlaceholder || call.json.isWhole();
}

/** A call without anything in it. */
function emptyCall(): Call {
  return {
    id: "",
    name: "",
    held: "",
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
  readonly #newId: () => string;
  readonly #origin: DataOrigin;
  readonly #calls: Call[] = [];
  readonly #byIndex = new Map<number, Call>();
  readonly #byPlace: Call[] = [];
  readonly #byId = new Map<string, Call>();
  /** Number of the chunk that is read. */
  #chunk = 0;

  /** `newId` makes identifiers for calls that came without one, or with one of another call. */
  constructor(writer: PartWriter, newId: () => string, origin: DataOrigin) {
    this.#writer = writer;
    this.#newId = newId;
    this.#origin = origin;
  }

  /** Calls begun. */
  get count(): number {
    return this.#calls.filter((call) => call.part !== undefined).length;
  }

  /** A call was named. */
  get hasAny(): boolean {
    return this.#calls.some(({ name }) => name !== "");
  }

  /** A call lacks the end of its arguments. */
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

  /** Ends the calls that are whole: nothing can follow but what belongs to the others. */
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
   * Whether a fragment belongs to a call after `call`, where nothing else tells: another name says
   * so, and another identifier or a name behind whole arguments, or twice in one chunk.
   */
  #isNext(call: Call, { id, name }: Fragment): boolean {
    if (name !== "" && call.name !== "" && name !== call.name) return true;
    const isSame = id !== "" && id === call.id;
    const isNamed = (id !== "" && call.id !== "") || (name !== "" && call.name !== "");
    return isNamed && !isSame && (isWhole(call) || call.chunk === this.#chunk);
  }

  #begin(): Call {
    const call = emptyCall();
    this.#calls.push(call);
    return call;
  }

  /** The call at this place of earlier chunks, or the first after it that is not whole. */
  #atPlace(place: number): Call | undefined {
    const known = this.#byPlace[place] ?? this.#calls.at(-1);
    if (known === undefined || !known.json.isWhole()) return known;
    return (
      this.#calls.slice(this.#calls.indexOf(known)).find(({ json }) => !json.isWhole()) ?? known
    );
  }

  /** By index, else by identifier, else by the place in the chunk; undefined: it begins a call. */
  #find(fragment: Fragment, place: number): Call | undefined {
    const { id, name, index } = fragment;
    const named = id === "" ? undefined : this.#byId.get(id);
    const indexed = index === undefined ? undefined : this.#byIndex.get(index);
    if (indexed === undefined && index !== undefined && named === undefined) return undefined;
    const byPosition = index === undefined && id === "" ? this.#atPlace(place) : undefined;
    const known = named ?? indexed ?? byPosition;
    if (known === undefined || this.#isNext(known, fragment)) return undefined;
    // Without index and identifier, a name begins a call.
    return known === byPosition && name !== "" && known.name !== "" ? undefined : known;
  }

  #open(call: Call): void {
    if (this.#byId.get(call.id) !== call || usableId(call.id) === "") call.id = this.#newId();
    call.part = this.#writer.openToolCall(call.id, call.name, call.held);
    call.held = "";
  }

  #feed(call: Call, piece: string, isAll: boolean): void {
    if (piece === "") return;
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
    const call = (isOwn ? undefined : this.#find(fragment, place)) ?? this.#begin();
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

  /** A call whose identifier has not come gets one; one without anything is none. */
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
