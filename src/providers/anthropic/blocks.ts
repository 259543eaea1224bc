import type { ReasoningPart } from "../../domain/generation-spec.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { createPartWriter, type OpenPart, type PartWriter } from "../shared/part-writer.ts";

/** A content block while it is open. Blocks of the provider's own tools have no part. */
type Block =
  | { readonly type: "text"; part: OpenPart | undefined }
  | { readonly type: "tool"; readonly part: OpenPart }
  | { readonly type: "thinking"; part: OpenPart | undefined; text: string; signature: string };

/** Content blocks of one answer as parts, numbered without gaps. */
export interface Blocks {
  readonly events: PartWriter["events"];
  start(index: number, block: JsonObject): void;
  delta(index: number, delta: JsonObject): void;
  end(index: number): void;
  /** Ends what the provider left open. */
  endAll(): void;
  /** No block came but texts without a character. */
  isEmpty(): boolean;
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** A whole input where a call came without deltas; an empty object is what a stream begins with. */
function inputText(input: JsonValue | undefined): string {
  if (typeof input !== "object" || input === null) return "";
  return Object.keys(input).length === 0 ? "" : JSON.stringify(input);
}

/** `instanceId` is the provider that signs reasoning parts. */
export function createBlocks(instanceId: string): Blocks {
  const writer = createPartWriter();
  const open = new Map<number, Block>();
  let isEmpty = true;

  function reasoningPart(block: Extract<Block, { type: "thinking" }>): ReasoningPart {
    return {
      type: "reasoning",
      text: block.text,
      signature: Buffer.from(block.signature, "utf8"),
      redacted: false,
      provider: instanceId,
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
    if (block.type !== "thinking") return block.part?.end();
    if (block.part !== undefined) return block.part.end(reasoningPart(block));
    // Thinking that is not shown still has to go back with the next turn.
    if (block.signature !== "") writer.writeWhole(reasoningPart(block));
  }

  return {
    events: writer.events,
    start(index, source) {
      if (open.has(index)) return;
      if (source["type"] !== "text") isEmpty = false;
      switch (source["type"]) {
        case "text": {
          const block: Block = { type: "text", part: undefined };
          open.set(index, block);
          return appendText(block, text(source["text"]));
        }
        case "tool_use": {
          const fragment = inputText(source["input"]);
          const part = writer.openToolCall(text(source["id"]), text(source["name"]), fragment);
          open.set(index, { type: "tool", part });
          return;
        }
        case "thinking": {
          const block: Block = {
            type: "thinking",
            part: undefined,
            text: "",
            signature: text(source["signature"]),
          };
          open.set(index, block);
          return appendThinking(block, text(source["thinking"]));
        }
        case "redacted_thinking":
          writer.writeWhole({
            type: "reasoning",
            text: "",
            signature: Buffer.from(text(source["data"]), "utf8"),
            redacted: true,
            provider: instanceId,
          });
          return;
        default:
          return;
      }
    },
    delta(index, delta) {
      const block = open.get(index);
      if (block === undefined) return;
      const { type } = delta;
      if (block.type === "text" && type === "text_delta") appendText(block, text(delta["text"]));
      else if (block.type === "tool" && type === "input_json_delta") {
        block.part.append(text(delta["partial_json"]));
      } else if (block.type === "thinking" && type === "thinking_delta") {
        appendThinking(block, text(delta["thinking"]));
      } else if (block.type === "thinking" && type === "signature_delta") {
        // It comes whole: set, not appended.
        block.signature = text(delta["signature"]);
      }
    },
    end,
    endAll() {
      for (const index of [...open.keys()]) end(index);
    },
    isEmpty: () => isEmpty,
  };
}
