// Finds the item that an event belongs to. Servers other than OpenAI change positions and identifiers between the
// pieces of an item and its end, so matching identifiers, positions and texts decide.
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { Annotation, ProviderData } from "../../domain/provider-data.ts";
import type { OpenPart } from "./part-writer.ts";
import { stringOf } from "./string-of.ts";

export type TextType = "text" | "reasoning" | "refusal";

/** An event's reference to its item: `item_id` and `output_index`. */
export interface ItemName {
  readonly id: string;
  readonly index: number;
}

export interface WrittenText {
  readonly type: TextType;
  readonly part: OpenPart;
  /** The text written so far. */
  text: string;
  annotations: readonly Annotation[];
}

/** One item of `output`, with its parts. */
export interface Item {
  /** `call` for calls of all types, otherwise the item's type. */
  readonly kind: string;
  /** Texts by their position inside the item. A message can have several. */
  readonly texts: Map<number, WrittenText>;
  /** The part is undefined until the name has arrived. */
  readonly call: { part: OpenPart | undefined; text: string };
  /** Written positions in summary and content. Each is a paragraph. */
  readonly paragraphs: Set<string>;
  /** Fields that the vendor adds to the item. */
  data: ProviderData | undefined;
  /** Identifier of the call, if the item is one. */
  callId: string;
  /** Whether its beginning was reported. */
  isStarted: boolean;
  isEnded: boolean;
  /** Whether the finished response contains the item. */
  isSettled: boolean;
}

export interface ItemTable {
  /** The item of a piece. */
  named(name: ItemName, kind: string): Item;
  /** The item that begins with this event. */
  started(index: number, item: JsonObject): Item;
  /** The item that this event completes. */
  ended(index: number, item: JsonObject): Item;
  /** An item of the finished response. Each call returns a different one. */
  settled(position: number, item: JsonObject): Item;
  all(): Iterable<Item>;
}

function kindOf(item: JsonObject): string {
  const { type } = item;
  return type === "function_call" || type === "custom_tool_call" ? "call" : stringOf(type);
}

/** All text of a complete item. */
function wordsOf(item: JsonObject): string {
  const texts = Array.isArray(item.content) ? item.content.filter(isJsonObject) : [];
  return texts.map(({ text, refusal }) => stringOf(text) || stringOf(refusal)).join("");
}

/** Whether the text of the complete item begins with the written text. */
function agrees({ texts, kind }: Item, item: JsonObject): boolean {
  if (kind !== "message") return true;
  const written = [...texts.values()].map(({ text }) => text).join("");
  return wordsOf(item).startsWith(written);
}

export function createItemTable(): ItemTable {
  const items: Item[] = [];
  const byId = new Map<string, Item>();
  const byIndex = new Map<number, Item>();
  /** The item of the previous piece, with that piece's reference. */
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

  /**
   * Among items that the response has not contained yet: the first with matching text, otherwise the one at this
   * position.
   */
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
