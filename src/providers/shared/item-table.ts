// Finds the item that an event belongs to. Servers other than OpenAI change positions and identifiers between the
// pieces of an item and its end, or give several items one identifier. Matching identifiers, positions and texts
// decide.
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
  /** The position at which the item came first. */
  readonly index: number;
  /** The last identifier of the item. */
  id: string;
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

/** Fields that name an item: its own identifier, and that of its call. */
type Name = "id" | "callId";

type Names = Readonly<Record<Name, string>>;

function namesOf(item: JsonObject): Names {
  return { id: stringOf(item.id), callId: stringOf(item.call_id) };
}

/** Whether the item has another name of the same kind. */
function differs(item: Item, names: Names): boolean {
  const isOther = (by: Name) => item[by] !== "" && names[by] !== "" && item[by] !== names[by];
  return isOther("id") || isOther("callId");
}

/** Whether an event at this position can belong to the item: one that has ended has no more at another. */
function isOpenAt(index: number): (item: Item) => boolean {
  return (item) => !item.isEnded || item.index === index;
}

export function createItemTable(): ItemTable {
  const items: Item[] = [];
  /** The last item with each name. */
  const named: Readonly<Record<Name, Map<string, Item>>> = { id: new Map(), callId: new Map() };
  const byIndex = new Map<number, Item>();
  /** The item of the previous piece, with that piece's reference. */
  let last: Item | undefined;
  let lastId = "";
  let lastIndex = 0;

  function add(index: number, kind: string): Item {
    last = undefined;
    const item: Item = {
      kind,
      index,
      id: "",
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

  function at(index: number, kind: string): Item | undefined {
    const item = byIndex.get(index);
    return item?.kind === kind ? item : undefined;
  }

  /** The item with this name. Among several with one name, the position decides. */
  function known(by: Name, value: string, index: number, kind: string): Item | undefined {
    if (value === "") return undefined;
    const here = at(index, kind);
    const item = here?.[by] === value ? here : named[by].get(value);
    return item?.kind === kind ? item : undefined;
  }

  /** The item with one of these names that can be meant. An item without another name comes first. */
  function pick(
    names: Names,
    index: number,
    kind: string,
    isMeant: (item: Item) => boolean,
  ): Item | undefined {
    const all = [known("id", names.id, index, kind), known("callId", names.callId, index, kind)];
    const found = all.filter((item) => item !== undefined).filter(isMeant);
    return found.find((item) => !differs(item, names)) ?? found[0];
  }

  function remember(item: Item, { id, callId }: Names): Item {
    if (id !== "") {
      item.id = id;
      named.id.set(id, item);
    }
    if (callId !== "") {
      item.callId ||= callId;
      named.callId.set(callId, item);
    }
    return item;
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
        pick({ id, callId: "" }, index, kind, isOpenAt(index)) ??
        (here === undefined || here.isEnded ? add(index, kind) : here);
      if (item.id === "") remember(item, { id, callId: "" });
      last = item;
      lastId = id;
      lastIndex = index;
      return item;
    },
    started(index, source) {
      const kind = kindOf(source);
      const names = namesOf(source);
      const same = known("id", names.id, index, kind);
      const here = at(index, kind);
      // A server can repeat a beginning.
      const isRepeated = same !== undefined && same === here && !differs(same, names);
      const item =
        [same, here].find((each) => each?.isEnded === false && (isRepeated || !each.isStarted)) ??
        add(index, kind);
      item.isStarted = true;
      return remember(item, names);
    },
    ended(index, source) {
      const kind = kindOf(source);
      const names = namesOf(source);
      const here = at(index, kind);
      const isHere = here !== undefined && !(here.isEnded && differs(here, names));
      const item = pick(names, index, kind, isOpenAt(index)) ?? (isHere ? here : add(index, kind));
      return remember(item, names);
    },
    settled(position, source) {
      const kind = kindOf(source);
      const names = namesOf(source);
      const item =
        pick(names, position, kind, (each) => !each.isSettled) ??
        unsettled(position, source) ??
        add(position, kind);
      item.isSettled = true;
      return remember(item, names);
    },
    all: () => items,
  };
}
