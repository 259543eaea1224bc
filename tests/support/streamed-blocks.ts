import type { NamedEvent } from "./wire-answers.ts";

interface Block {
  readonly type: string;
  readonly input?: object;
  readonly text?: string;
  readonly citations?: readonly object[];
  readonly thinking?: string;
  readonly signature?: string;
}

/** Events that carry a block's content in two halves, after a start without content. */
function contentOf(block: Block): { readonly start: object; readonly deltas: readonly object[] } {
  const { input, text, citations = [], thinking, signature, ...rest } = block;
  if (input !== undefined) {
    const json = JSON.stringify(input);
    const deltas = [json.slice(0, 4), json.slice(4)].map((partial_json) => ({
      type: "input_json_delta",
      partial_json,
    }));
    return { start: { ...rest, input: {} }, deltas };
  }
  if (thinking !== undefined) {
    const deltas = [
      { type: "thinking_delta", thinking },
      { type: "signature_delta", signature },
    ];
    return { start: { ...rest, thinking: "", signature: "" }, deltas };
  }
  if (text === undefined) return { start: block, deltas: [] };
  const cited = citations.map((citation) => ({ type: "citations_delta", citation }));
  return { start: { ...rest, text: "" }, deltas: [{ type: "text_delta", text }, ...cited] };
}

/** Blocks of a Messages answer as the vendor streams them. */
export function streamedBlocks(blocks: readonly Block[]): NamedEvent[] {
  return blocks.flatMap((block, index): NamedEvent[] => {
    const { start, deltas } = contentOf(block);
    return [
      { type: "content_block_start", index, content_block: start },
      ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
      { type: "content_block_stop", index },
    ];
  });
}
