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

/** An event's reference to an item that begins, ends or is in the finished response. */
interface Reference {
  readonly names: Names;
  readonly index: number;
  readonly kind: string;
}

function referenceTo(source: JsonObject, index: number): Reference {
  return { names: namesOf(source), index, kind: kindOf(source) };
}

/** The items of one answer. */
export class ItemTable {
  readonly #items: Item[] = [];
  /** The last item with each name. */
  readonly #named: Readonly<Record<Name, Map<string, Item>>> = { id: new Map(), callId: new Map() };
  readonly #byIndex = new Map<number, Item>();
  /** The item of the previous piece, with that piece's reference. */
  #last: Item | undefined;
  #lastId = "";
  #lastIndex = 0;

  /** The item of a piece. */
  piece({ id, index }: ItemName, kind: string): Item {
    const last = this.#last;
    const isSame = last?.kind === kind && id === this.#lastId && index === this.#lastIndex;
    if (isSame && !last.isEnded) return last;
    const names = { id, callId: "" };
    const here = this.#at(index, kind);
    const item =
      this.#pick({ names, index, kind }, isOpenAt(index)) ??
      (here === undefined || here.isEnded ? this.#add(index, kind) : here);
    if (item.id === "") this.#remember(item, names);
    this.#last = item;
    this.#lastId = id;
    this.#lastIndex = index;
    return item;
  }

  /** The item that begins with this event. */
  started(index: number, source: JsonObject): Item {
    const { names, kind } = referenceTo(source, index);
    const same = this.#known("id", names.id, index, kind);
    const here = this.#at(index, kind);
    // A server can repeat a beginning.
    const isRepeated = same !== undefined && same === here && !differs(same, names);
    const item =
      [same, here].find((each) => each?.isEnded === false && (isRepeated || !each.isStarted)) ??
      this.#add(index, kind);
    item.isStarted = true;
    return this.#remember(item, names);
  }

  /** The item that this event completes. */
  ended(index: number, source: JsonObject): Item {
    const reference = referenceTo(source, index);
    const { names, kind } = reference;
    const here = this.#at(index, kind);
    const isHere = here !== undefined && !(here.isEnded && differs(here, names));
    const item = this.#pick(reference, isOpenAt(index)) ?? (isHere ? here : this.#add(index, kind));
    return this.#remember(item, names);
  }

  /** An item of the finished response. Each call returns a different one. */
  settled(position: number, source: JsonObject): Item {
    const reference = referenceTo(source, position);
    const item =
      this.#pick(reference, (each) => !each.isSettled) ??
      this.#unsettled(reference, source) ??
      this.#add(position, reference.kind);
    item.isSettled = true;
    return this.#remember(item, reference.names);
  }

  all(): Iterable<Item> {
    return this.#items;
  }

  #add(index: number, kind: string): Item {
    this.#last = undefined;
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
    this.#items.push(item);
    this.#byIndex.set(index, item);
    return item;
  }

  #at(index: number, kind: string): Item | undefined {
    const item = this.#byIndex.get(index);
    return item?.kind === kind ? item : undefined;
  }

  /** The item with this name. Among several with one name, the position decides. */
  #known(by: Name, value: string, index: number, kind: string): Item | undefined {
    if (value === "") return undefined;
    const here = this.#at(index, kind);
    const item = here?.[by] === value ? here : this.#named[by].get(value);
    return item?.kind === kind ? item : undefined;
  }

  /** The item with one of these names that can be meant. An item without another name comes first. */
  #pick({ names, index, kind }: Reference, isMeant: (item: Item) => boolean): Item | undefined {
    const all = [
      this.#known("id", names.id, index, kind),
      this.#known("callId", names.callId, index, kind),
    ];
    const found = all.filter((item) => item !== undefined).filter(isMeant);
    return found.find((item) => !differs(item, names)) ?? found[0];
  }

  #remember(item: Item, { id, callId }: Names): Item {
    if (id !== "") {
      item.id = id;
      this.#named.id.set(id, item);
    }
    if (callId !== "") {
      item.callId ||= callId;
      this.#named.callId.set(callId, item);
    }
    return item;
  }

  /**
   * Among items that the response has not contained yet: the first with matching text, otherwise the one at this
   * position.
   */
  #unsettled({ index, kind }: Reference, source: JsonObject): Item | undefined {
    const left = this.#items.filter((each) => !each.isSettled && each.kind === kind);
    const here = this.#at(index, kind);
    return left.find((each) => agrees(each, source)) ?? left.find((each) => each === here);
  }
}
