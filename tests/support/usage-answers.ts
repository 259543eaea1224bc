// Answers with given counts, whole and as a stream.
import { either } from "./adapter-stack.ts";
import type { Answer } from "./field-stack.ts";
import {
  chatStream,
  chatWhole,
  messagesEvents,
  messagesWhole,
  type NamedEvent,
} from "./wire-answers.ts";

/** Chat Completions with this usage. */
export const chat = (usage: object): Answer =>
  either(chatWhole({ content: "hi" }, "stop", usage), chatStream({ content: "hi" }, "stop", usage));

const block = { type: "text", text: "hi" };
const content: NamedEvent[] = [
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "hi" } },
  { type: "content_block_stop", index: 0 },
];

/** Messages answers with these counts; `start` are the counts of the stream's first event. */
export function messages(usage: object, start: object = usage): Answer {
  const whole = messagesWhole([block]).body as object;
  const stream = String(messagesEvents(content, "end_turn").body)
    .replace('"usage":{"input_tokens":10,"output_tokens":5}', `"usage":${JSON.stringify(start)}`)
    .replace('"usage":{"output_tokens":5}', `"usage":${JSON.stringify(usage)}`);
  return either({ body: { ...whole, usage } }, { body: stream });
}
