import type { ReasoningPart } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { Annotation, ProviderData } from "../../domain/provider-data.ts";
import { CallIds } from "../shared/call-id.ts";
import { partAdditions } from "../shared/part-additions.ts";
import { createPartWriter, type OpenPart, type PartWriter } from "../shared/part-writer.ts";
import { stringOf } from "../shared/string-of.ts";
import { createBlockOrder } from "./block-order.ts";
import { inputText } from "./input-text.ts";
import { blockData, citationOf, citationsOf, ProviderBlock } from "./provider-blocks.ts";

/** An open content block. `data`: fields that the contract cannot express. */
type Block =
  | {
      readonly type: "text";
      part: OpenPart | undefined;
      readonly citations: Annotation[];
      readonly data: ProviderData | undefined;
    }
  | {
      readonly type: "tool";
      readonly id: string;
      readonly part: OpenPart;
      readonly data: ProviderData | undefined;
    }
  | {
      readonly type: "thinking";
      part: OpenPart | undefined;
      text: string;
      signature: string;
      readonly data: ProviderData | undefined;
    }
  /** Becomes a part at its end. */
  | {
      readonly type: "provider";
      readonly kind: string;
      readonly block: ProviderBlock;
      part: undefined;
    };

/** JSON texts of a block and of its input. */
export interface BlockTexts {
  readonly block: () => string | undefined;
  readonly input: () => string | undefined;
}

/** The JSON text of a field. */
type FieldText = (field: string) => string | undefined;

/** Turns the content blocks of one answer into parts, numbered without gaps. */
export class Blocks {
  readonly #providerType: string;
  readonly #ids: CallIds;
  readonly #writer: PartWriter = createPartWriter();
  readonly #open = new Map<number, Block>();
  readonly #order = createBlockOrder(
    () => this.#open.keys(),
    (index) => this.#isUndecided(index),
  );
  #isEmpty = true;
  #hasCalls = false;

  /** `providerType` signs reasoning parts. `newId` creates identifiers of calls that have none of their own. */
  constructor(providerType: string, newId: () => string) {
    this.#providerType = providerType;
    this.#ids = new CallIds(newId);
  }

  get events(): PartWriter["events"] {
    return this.#writer.events;
  }

  get hasCalls(): boolean {
    return this.#hasCalls;
  }

  /** Whether there were no blocks except empty texts. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  start(index: number, source: JsonObject, texts: BlockTexts): void {
    this.#order.run(index, 0, () => this.#start(index, source, texts));
  }

  delta(index: number, delta: JsonObject, raw: FieldText): void {
    // Usually one block is open, and no order is needed.
    if (this.#open.size < 2 && this.#order.isIdle()) return this.#append(index, delta, raw);
    const size = stringOf(delta["partial_json"]).length + stringOf(delta["text"]).length;
    this.#order.run(index, size, () => this.#append(index, delta, raw));
  }

  end(index: number): void {
    this.#order.run(index, 0, () => this.#end(index));
  }

  /** Ends the blocks that the provider left open. */
  endAll(): void {
    // From the first on, because the end of a block releases the blocks after it.
    while (this.#open.size > 0) this.end(Math.min(...this.#open.keys()));
  }

  /** Whether the block keeps all fields of its deltas. */
  takesAll(index: number): boolean {
    return this.#open.get(index)?.type === "provider";
  }

  #isUndecided(index: number): boolean {
    const block = this.#open.get(index);
    return block !== undefined && block.type !== "tool" && block.part === undefined;
  }

  #reasoningPart(block: Extract<Block, { type: "thinking" }>): ReasoningPart {
    return {
      type: "reasoning",
      text: block.text,
      signature: Buffer.from(block.signature, "utf8"),
      redacted: false,
      provider: this.#providerType,
      ...(block.data !== undefined && { providerData: block.data }),
    };
  }

  #appendText(block: Extract<Block, { type: "text" }>, piece: string): void {
    if (piece === "") return;
    this.#isEmpty = false;
    block.part ??= this.#writer.openText("text");
    block.part.append(piece);
  }

  #appendThinking(block: Extract<Block, { type: "thinking" }>, piece: string): void {
    if (piece === "") return;
    block.part ??= this.#writer.openText("reasoning");
    block.part.append(piece);
    block.text += piece;
  }

  #end(index: number): void {
    const block = this.#open.get(index);
    this.#open.delete(index);
    if (block === undefined) return;
    if (block.type === "provider") return this.#writer.writeWhole(block.block.part());
    if (block.type === "text") {
      return block.part?.end(undefined, partAdditions(block.data, block.citations));
    }
    if (block.type === "tool") return block.part.end(undefined, partAdditions(block.data));
    if (block.part !== undefined) return block.part.end(this.#reasoningPart(block));
    // Thinking without text still must be sent back with the next turn.
    if (block.signature !== "") this.#writer.writeWhole(this.#reasoningPart(block));
  }

  /** Whether a start repeats an earlier one. Any other start ends the open block at its index. */
  #isAgain(index: number, source: JsonObject): boolean {
    const block = this.#open.get(index);
    if (block === undefined) return false;
    if (block.type === "tool")
      return source["type"] === "tool_use" && stringOf(source["id"]) === block.id;
    return (block.type === "provider" ? block.kind : block.type) === source["type"];
  }

  #start(index: number, source: JsonObject, texts: BlockTexts): void {
    if (this.#isAgain(index, source)) return;
    this.#end(index);
    if (source["type"] !== "text") this.#isEmpty = false;
    switch (source["type"]) {
      case "text": {
        const block: Block = {
          type: "text",
          part: undefined,
          citations: citationsOf(source, texts.block),
          data: blockData("text", source, texts.block),
        };
        this.#open.set(index, block);
        return this.#appendText(block, stringOf(source["text"]));
      }
      case "tool_use": {
        this.#hasCalls = true;
        const id = stringOf(source["id"]);
        const fragment = inputText(source["input"], texts.input);
        const part = this.#writer.openToolCall(
          this.#ids.take(id),
          stringOf(source["name"]),
          fragment,
        );
        const data = blockData("tool_use", source, texts.block);
        this.#open.set(index, { type: "tool", id, part, data });
        return;
      }
      case "thinking": {
        const block: Block = {
          type: "thinking",
          part: undefined,
          text: "",
          signature: stringOf(source["signature"]),
          data: blockData("thinking", source, texts.block),
        };
        this.#open.set(index, block);
        return this.#appendThinking(block, stringOf(source["thinking"]));
      }
      case "redacted_thinking": {
        const data = blockData("redacted_thinking", source, texts.block);
        this.#writer.writeWhole({
          type: "reasoning",
          text: "",
          signature: Buffer.from(stringOf(source["data"]), "utf8"),
          redacted: true,
          provider: this.#providerType,
          ...(data !== undefined && { providerData: data }),
        });
        return;
      }
      default: {
        const kind = stringOf(source["type"]);
        const block = new ProviderBlock(texts.block() ?? JSON.stringify(source));
        this.#open.set(index, { type: "provider", kind, block, part: undefined });
      }
    }
  }

  #append(index: number, delta: JsonObject, raw: FieldText): void {
    const block = this.#open.get(index);
    if (block === undefined) return;
    const { type } = delta;
    if (block.type === "text" && type === "text_delta")
      this.#appendText(block, stringOf(delta["text"]));
    else if (block.type === "provider") block.block.append(delta, raw);
    else if (block.type === "text" && isJsonObject(delta["citation"])) {
      const said = delta["citation"];
      block.citations.push(citationOf(said, raw("citation") ?? JSON.stringify(said)));
    } else if (block.type === "tool" && type === "input_json_delta") {
      block.part.append(inputText(delta["partial_json"], () => raw("partial_json")));
    } else if (block.type === "thinking" && type === "thinking_delta") {
      this.#appendThinking(block, stringOf(delta["thinking"]));
    } else if (block.type === "thinking" && type === "signature_delta") {
      // The signature arrives as a whole, so it is set and not appended.
      block.signature = stringOf(delta["signature"]);
    }
  }
}
