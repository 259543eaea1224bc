import type { ReasoningPart } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { Annotation, PartAdditions, ProviderData } from "../../domain/provider-data.ts";
import { usableId } from "../shared/call-id.ts";
import { createPartWriter, type OpenPart, type PartWriter } from "../shared/part-writer.ts";
import { createBlockOrder } from "./block-order.ts";
import { inputText } from "./input-text.ts";
import { blockData, citationOf, citationsOf, ProviderBlock } from "./provider-blocks.ts";

/** A content block while it is open; `data` has the fields that the contract has no word for. */
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
  /** It is a part when it ends. */
  | {
      readonly type: "provider";
      readonly kind: string;
      readonly block: ProviderBlock;
      part: undefined;
    };

/** Texts of the JSON that a block was read from. */
export interface BlockTexts {
  readonly block: () => string | undefined;
  readonly input: () => string | undefined;
}

/** The JSON text of a field. */
type FieldText = (field: string) => string | undefined;

/** Content blocks of one answer as parts, numbered without gaps. */
export interface Blocks {
  readonly events: PartWriter["events"];
  start(index: number, block: JsonObject, texts: BlockTexts): void;
  delta(index: number, delta: JsonObject, raw: FieldText): void;
  end(index: number): void;
  /** The block keeps every field of its deltas. */
  takesAll(index: number): boolean;
  /** Ends what the provider left open. */
  endAll(): void;
  hasCalls(): boolean;
  /** No block came but texts without a character. */
  isEmpty(): boolean;
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** What stands beside the text or the call of a block. */
function additions(
  data: ProviderData | undefined,
  annotations: readonly Annotation[] = [],
): PartAdditions | undefined {
  if (data === undefined && annotations.length === 0) return undefined;
  return {
    ...(annotations.length > 0 && { annotations }),
    ...(data !== undefined && { providerData: data }),
  };
}

/** `providerType` signs reasoning parts; `newId` names calls that came without a name. */
export function createBlocks(providerType: string, newId: () => string): Blocks {
  const writer = createPartWriter();
  const open = new Map<number, Block>();
  let isEmpty = true;
  let hasCalls = false;
  const order = createBlockOrder(
    () => open.keys(),
    (index) => {
      const block = open.get(index);
      return block !== undefined && block.type !== "tool" && block.part === undefined;
    },
  );

  function reasoningPart(block: Extract<Block, { type: "thinking" }>): ReasoningPart {
    return {
      type: "reasoning",
      text: block.text,
      signature: Buffer.from(block.signature, "utf8"),
      redacted: false,
      provider: providerType,
      ...(block.data !== undefined && { providerData: block.data }),
    };
  }

  function appendText(block: Extract<Block, { type: "text" }>, piece: string): void {
    if (piece === "") return;
    isEmpty = false;
    block.part ??= writer.openText("text");
    block.part.append(piece);
  }

  function appendThinking(block: Extract<Block, { type: "thinking" }>, piece: string): void {
    if (piece === "") return;
    block.part ??= writer.openText("reasoning");
    block.part.append(piece);
    block.text += piece;
  }

  function end(index: number): void {
    const block = open.get(index);
    open.delete(index);
    if (block === undefined) return;
    if (block.type === "provider") return writer.writeWhole(block.block.part());
    if (block.type === "text") {
      return block.part?.end(undefined, additions(block.data, block.citations));
    }
    if (block.type === "tool") return block.part.end(undefined, additions(block.data));
    if (block.part !== undefined) return block.part.end(reasoningPart(block));
    // Thinking that is not shown still has to go back with the next turn.
    if (block.signature !== "") writer.writeWhole(reasoningPart(block));
  }

  /** A start that is told twice; any other start ends what is open at its index. */
  function isAgain(index: number, source: JsonObject): boolean {
    const block = open.get(index);
    if (block === undefined) return false;
    if (block.type === "tool")
      return source["type"] === "tool_use" && text(source["id"]) === block.id;
    return (block.type === "provider" ? block.kind : block.type) === source["type"];
  }

  function start(index: number, source: JsonObject, texts: BlockTexts): void {
    if (isAgain(index, source)) return;
    end(index);
    if (source["type"] !== "text") isEmpty = false;
    switch (source["type"]) {
      case "text": {
        const block: Block = {
          type: "text",
          part: undefined,
          citations: citationsOf(source, texts.block),
          data: blockData("text", source, texts.block),
        };
        open.set(index, block);
        return appendText(block, text(source["text"]));
      }
      case "tool_use": {
        hasCalls = true;
        const id = text(source["id"]);
        const fragment = inputText(source["input"], texts.input);
        const part = writer.openToolCall(usableId(id) || newId(), text(source["name"]), fragment);
        const data = blockData("tool_use", source, texts.block);
        open.set(index, { type: "tool", id, part, data });
        return;
      }
      case "thinking": {
        const block: Block = {
          type: "thinking",
          part: undefined,
          text: "",
          signature: text(source["signature"]),
          data: blockData("thinking", source, texts.block),
        };
        open.set(index, block);
        return appendThinking(block, text(source["thinking"]));
      }
      case "redacted_thinking": {
        const data = blockData("redacted_thinking", source, texts.block);
        writer.writeWhole({
          type: "reasoning",
          text: "",
          signature: Buffer.from(text(source["data"]), "utf8"),
          redacted: true,
          provider: providerType,
          ...(data !== undefined && { providerData: data }),
        });
        return;
      }
      default: {
        const kind = text(source["type"]);
        const block = new ProviderBlock(texts.block() ?? JSON.stringify(source));
        open.set(index, { type: "provider", kind, block, part: undefined });
      }
    }
  }

  function append(index: number, delta: JsonObject, raw: FieldText): void {
    const block = open.get(index);
    if (block === undefined) return;
    const { type } = delta;
    if (block.type === "text" && type === "text_delta") appendText(block, text(delta["text"]));
    else if (block.type === "provider") block.block.append(delta, raw);
    else if (block.type === "text" && isJsonObject(delta["citation"])) {
      const said = delta["citation"];
      block.citations.push(citationOf(said, raw("citation") ?? JSON.stringify(said)));
    } else if (block.type === "tool" && type === "input_json_delta") {
      block.part.append(inputText(delta["partial_json"], () => raw("partial_json")));
    } else if (block.type === "thinking" && type === "thinking_delta") {
      appendThinking(block, text(delta["thinking"]));
    } else if (block.type === "thinking" && type === "signature_delta") {
      // It comes whole: set, not appended.
      block.signature = text(delta["signature"]);
    }
  }

  return {
    events: writer.events,
    start: (index, source, texts) => order.run(index, 0, () => start(index, source, texts)),
    delta(index, delta, raw) {
      // Nearly always one block is open, and there is nothing to put into order.
      if (open.size < 2 && order.isIdle()) return append(index, delta, raw);
      const size = text(delta["partial_json"]).length + text(delta["text"]).length;
      order.run(index, size, () => append(index, delta, raw));
    },
    end: (index) => order.run(index, 0, () => end(index)),
    endAll() {
      // From the first on: the end of one lets those behind it come.
      for (let left = [...open.keys()]; left.length > 0; left = [...open.keys()]) {
        const first = Math.min(...left);
        order.run(first, 0, () => end(first));
      }
    },
    takesAll: (index) => open.get(index)?.type === "provider",
    hasCalls: () => hasCalls,
    isEmpty: () => isEmpty,
  };
}
