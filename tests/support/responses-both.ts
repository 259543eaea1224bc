import { either } from "./adapter-stack.ts";
import { type NamedEvent, namedEvents, responsesWhole } from "./wire-answers.ts";

export interface Item {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Items as the vendor streams them: each begins, its texts come in pieces, and it ends whole. */
export function responsesBoth(output: readonly Item[], more: object = {}) {
  const events = output.flatMap((item, output_index): NamedEvent[] => {
    const { content, ...rest } = item;
    const texts =
      item.type === "message" ? (content as { text: string; logprobs?: unknown }[]) : [];
    return [
      {
        type: "response.output_item.added",
        output_index,
        item:
          item.type === "message" ? { ...rest, content: [] } : { ...item, status: "in_progress" },
      },
      ...texts.map(({ text, logprobs }, content_index) => ({
        type: "response.output_text.delta",
        item_id: item["id"],
        output_index,
        content_index,
        delta: text,
        ...(logprobs !== undefined && { logprobs }),
      })),
      { type: "response.output_item.done", output_index, item },
    ];
  });
  const whole = responsesWhole(output, more);
  return either(
    whole,
    namedEvents([...events, { type: "response.completed", response: whole.body as object }]),
  );
}
