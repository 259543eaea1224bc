// Streams of Messages.
import fc from "fast-check";
import { id, name, object, open } from "./arbitrary-fields.ts";
import { named, type Plain, pieces, streamed } from "./streamed.ts";
import { ANSWERS } from "./whole-answers.ts";

/** The fields of a block that its deltas have, and the deltas. */
function blockDeltas(block: Plain, lengths: readonly number[]): readonly [Plain, Plain[]] {
  const { type } = block;
  if (type === "text") {
    const { text: said, citations = [], ...own } = block as { text: string; citations?: Plain[] };
    const cited = citations.map((citation) => ({ type: "citations_delta", citation }));
    const words = pieces(said, lengths).map((each) => ({ type: "text_delta", text: each }));
    return [{ ...own, text: "" }, [...words, ...cited]];
  }
  if (type === "thinking") {
    const { thinking, signature, ...own } = block as { thinking: string; signature: string };
    const words = pieces(thinking, lengths).map((each) => ({
      type: "thinking_delta",
      thinking: each,
    }));
    return [
      { ...own, thinking: "", signature: "" },
      [...words, { type: "signature_delta", signature }],
    ];
  }
  if (type === "tool_use" || type === "server_tool_use") {
    const { input, ...own } = block;
    const json = pieces(JSON.stringify(input), lengths);
    const deltas = ["", ...json].map((each) => ({ type: "input_json_delta", partial_json: each }));
    return [{ ...own, input: {} }, deltas];
  }
  return [block, []];
}

interface MessagesAnswer extends Plain {
  readonly content: readonly Plain[];
  readonly usage: Plain;
}

function messagesEvents(answer: MessagesAnswer, lengths: readonly number[]): string[] {
  const { content, stop_reason, stop_sequence, stop_details, usage, ...head } = answer;
  const { output_tokens, ...counts } = usage;
  const blocks = content.flatMap((block, index) => {
    const [start, deltas] = blockDeltas(block, lengths);
    return [
      { type: "content_block_start", index, content_block: start },
      ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
      { type: "content_block_stop", index },
    ];
  });
  const none = { content: [], stop_reason: null, stop_sequence: null };
  const message = { ...head, ...none, usage: { ...counts, output_tokens: 1 } };
  const delta = { stop_reason, stop_sequence, stop_details };
  return [
    { type: "message_start", message },
    ...blocks,
    { type: "message_delta", delta, usage: { output_tokens } },
    { type: "message_stop" },
  ].map(named);
}

/** Blocks with deltas begin before the gateway tells their unknown fields. */
function withoutUnknown(block: Plain): Plain {
  const { x_unknown: _, ...known } = block;
  const hasDeltas = ["text", "thinking", "tool_use"].includes(String(block["type"]));
  return hasDeltas ? known : block;
}

/** Calls of the caller's tools, which have inputs in pieces. */
const toolUse = open<Plain>({ type: fc.constant("tool_use"), id, name, input: object });

/** Behind the gateway, the calls of an answer have different identifiers. */
const toolUses = fc.uniqueArray(toolUse, {
  selector: (use) => use["id"],
  minLength: 1,
  maxLength: 3,
});

export const messagesStreams = streamed(
  fc
    .tuple(ANSWERS.messages as unknown as fc.Arbitrary<MessagesAnswer>, fc.option(toolUses))
    .map(([answer, calls]): MessagesAnswer => {
      if (calls === null) return answer;
      return { ...answer, content: [...answer.content, ...calls], stop_reason: "tool_use" };
    })
    // The client's helper takes the fields of a message from its start, and the gateway tells them at the end.
    .map(({ x_unknown: _, ...answer }) => ({
      ...(answer as MessagesAnswer),
      content: (answer as MessagesAnswer).content.map(withoutUnknown),
    })),
  [named({ type: "ping" }), named({ type: "something_new", x_novel: { y: 1 } }), ": a comment\n\n"],
  messagesEvents,
);
