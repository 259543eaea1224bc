// Which item an event means. Servers that are not OpenAI change positions and identifiers between the
// pieces of an item and its end: what agrees of identifier, position and words decides.
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { Annotation, ProviderData } from "../../domain/provider-data.ts";
import type { OpenPart } from "./part-writer.ts";
import { stringOf } from "./string-of.ts";

export type TextType = "text" | "reasoning" | "refusal";

/** What an event says of its item: `item_id` and `output_index`. */
export interface ItemName {
  readonly id: string;
  readonly index: number;
}

export interface WrittenText {
  readonly type: TextType;
  readonly part: OpenPart;
  /** What was written. */
  text: string;
  annotations: readonly Annotation[];
}

/** One item of `output` and the parts it has become. */
export interface Item {
  /** `call` for calls of all types, else the item's type. */
  readonly kind: string;
  /** By the position inside the item: a message can hold several texts. */
  readonly texts: Map<number, WrittenText>;
  /** Its part is undefined until the name has come. */
  readonly call: { part: OpenPart | undefined; text: string };
  /** Positions in summary and content that were written: each is a paragraph. */
  readonly paragraphs: Set<string>;
  /** What the vendor adds to it. */
  data: ProviderData | undefined;
  /** Identifier of the call that it is. */
  callId: string;
  /** Its beginning was told. */
  isStarted: boolean;
  isEnded: boolean;
  /** The finished response has it. */
  isSettled: boolean;
}

export interface ItemTable {
  /** The item that a piece belongs to. */
  named(name: ItemName, kind: string): Item;
  /** The item that begins. */
  started(index: number, item: JsonObject): Item;
  /** The item that is whole. */
  ended(index: number, item: JsonObject): Item;
  /** An item of the finished response, each another one. */
  settled(position: number, item: JsonObject): Item;
  all(): Iterable<Item>;
}

function kindOf(item: JsonObject): string {
  const { type } = item;
  return type === "function_call" || type === "custom_tool_call" ? "call" : stringOf(type);
}

/** All words of an item, as it came whole. */
function wordsOf(item: JsonObject): string {
  const texts = Array.isArray(item.content) ? item.content.filter(isJsonObject) : [];
  return texts.map(({ text, refusal }) => stringOf(text) || stringOf(refusal)).join("");
}

/** The words of the whole item begin with those that were written. */
function agrees({ texts, kind }: Item, item: JsonObject): boolean {
  if (kind !== "message") return true;
  const written = [...texts.values()].map(({ text }) => text).join("");
  return wordsOf(item).startsWith(written);
}

export function createItemTable(): ItemTable {
  const items: Item[] = [];
  const byId = new Map<string, Item>();
  const byIndex = new Map<number, Item>();
  /** The item that the piece before belonged to, and what that piece said of it. */
  let last: Item | undefined;
  let lastId = "";
  let lastIndex = 0;

  function add(index: number, kind: string): Item {
    last = undefined;
    const item: Item = {
      kind,
      texts: new Map(),
      call: { part: undefined, text: "" },
      paragraphs: new Set(),
      data: undefined,
      callId: "",
      isStarted: false,
      isEnded: false,
      isSettled: false,
    };
    items.push(item);
    byIndex.set(index, item);
    return item;
  }

  function known(id: string, kind: string): Item | undefined {
    const item = id === "" ? undefined : byId.get(id);
    return item?.kind === kind ? item : undefined;
  }

  function at(index: number, kind: string): Item | undefined {
    const item = byIndex.get(index);
    return item?.kind === kind ? item : undefined;
  }

  function remember(item: Item, source: JsonObject): Item {
    const id = stringOf(source.id);
    if (id !== "") byId.set(id, item);
    item.callId ||= stringOf(source.call_id);
    return item;
  }

  function byCall(callId: string): Item | undefined {
    return callId === "" ? undefined : items.find((item) => item.callId === callId);
  }

  /** Of what the response has not told yet: the first whose words agree, else what stands there. */
  function unsettled(position: number, item: JsonObject): Item | undefined {
    const kind = kindOf(item);
    const left = items.filter((each) => !each.isSettled && each.kind === kind);
    return (
      left.find((each) => agrees(each, item)) ?? left.find((each) => each === byIndex.get(position))
    );
  }

  return {
    named({ id, index }, kind) {
      const isSame = last?.kind === kind && !last.isEnded && id === lastId && index === lastIndex;
      if (isSame && last !== undefined) return last;
      const here = at(index, kind);
      const item =
        known(id, kind) ?? (here === undefined || here.isEnded ? add(index, kind) : here);
      if (id !== "" && !byId.has(id)) byId.set(id, item);
      last = item;
      lastId = id;
      lastIndex = index;
      return item;
    },
    started(index, source) {
      const kind = kindOf(source);
      const here = at(index, kind);
      const isOpen = here !== undefined && !here.isStarted && !here.isEnded;
      const item = known(stringOf(source.id), kind) ?? (isOpen ? here : add(index, kind));
      item.isStarted = true;
      return remember(item, source);
    },
    ended(index, source) {
      const kind = kindOf(source);
      const item =
        known(stringOf(source.id), kind) ??
        byCall(stringOf(source.call_id)) ??
        at(index, kind) ??
        add(index, kind);
      return remember(item, source);
    },
    settled(position, source) {
      const kind = kindOf(source);
      const named = known(stringOf(source.id), kind) ?? byCall(stringOf(source.call_id));
      const item =
        (named?.isSettled === false ? named : undefined) ??
        unsettled(position, source) ??
        add(position, kind);
      item.isSettled = true;
      return remember(item, source);
    },
    all: () => items,
  };
}
