// Streams of Responses.
import fc from "fast-check";
import { id, text } from "./arbitrary-fields.ts";
import { named, type Plain, pieces, streamed } from "./streamed.ts";
import { ANSWERS } from "./whole-answers.ts";

interface Item extends Plain {
  readonly type: string;
  readonly id: string;
}

interface Part extends Plain {
  readonly type: string;
}

function partEvents(item: Item, part: Part, place: Plain, lengths: readonly number[]): Plain[] {
  const at = { item_id: item.id, ...place };
  const isRefusal = part.type === "refusal";
  const said = String(part[isRefusal ? "refusal" : "text"]);
  const kind = isRefusal ? "response.refusal" : "response.output_text";
  const { annotations = [], logprobs = [] } = part as { annotations?: Plain[]; logprobs?: Plain[] };
  const empty = isRefusal ? { refusal: "" } : { text: "", annotations: [], logprobs: [] };
  const deltas = pieces(said, lengths).map((delta, index, all) => ({
    type: `${kind}.delta`,
    ...at,
    delta,
    ...(!isRefusal && { logprobs: index === all.length - 1 ? logprobs : [] }),
  }));
  return [
    { type: "response.content_part.added", ...at, part: { type: part.type, ...empty } },
    ...deltas,
    ...annotations.map((annotation, annotation_index) => ({
      type: "response.output_text.annotation.added",
      ...at,
      annotation_index,
      annotation,
    })),
    isRefusal
      ? { type: "response.refusal.done", ...at, refusal: said }
      : { type: "response.output_text.done", ...at, text: said, logprobs },
    { type: "response.content_part.done", ...at, part },
  ];
}

function summaryEvents(item: Item, output_index: number, lengths: readonly number[]): Plain[] {
  const summary = (item["summary"] ?? []) as { readonly text: string }[];
  return summary.flatMap((part, summary_index) => {
    const at = { item_id: item.id, output_index, summary_index };
    const kind = "response.reasoning_summary_text";
    return [
      { type: "response.reasoning_summary_part.added", ...at, part: { ...part, text: "" } },
      ...pieces(part.text, lengths).map((delta) => ({ type: `${kind}.delta`, ...at, delta })),
      { type: `${kind}.done`, ...at, text: part.text },
      { type: "response.reasoning_summary_part.done", ...at, part },
    ];
  });
}

/** An item as it begins, and the events until it ends. */
function itemEvents(
  item: Item,
  output_index: number,
  lengths: readonly number[],
): readonly [Plain, Plain[]] {
  switch (item.type) {
    case "message": {
      const parts = item["content"] as Part[];
      const inner = parts.flatMap((part, content_index) =>
        partEvents(item, part, { output_index, content_index }, lengths),
      );
      return [{ ...item, status: "in_progress", content: [] }, inner];
    }
    case "function_call": {
      const at = { item_id: item.id, output_index };
      const whole = String(item["arguments"]);
      const kind = "response.function_call_arguments";
      const deltas = pieces(whole, lengths).map((delta) => ({
        type: `${kind}.delta`,
        ...at,
        delta,
      }));
      const done = { type: `${kind}.done`, ...at, name: item["name"], arguments: whole };
      return [{ ...item, status: "in_progress", arguments: "" }, [...deltas, done]];
    }
    case "reasoning":
      return [{ ...item, summary: [] }, summaryEvents(item, output_index, lengths)];
    default: {
      const progress = {
        type: "response.web_search_call.in_progress",
        item_id: item.id,
        output_index,
      };
      return [{ ...item, status: "in_progress" }, [progress]];
    }
  }
}

interface ResponsesAnswer extends Plain {
  readonly output: readonly Item[];
}

function responsesEvents(answer: ResponsesAnswer, lengths: readonly number[]): string[] {
  const begun = { ...answer, status: "in_progress", output: [], usage: null };
  const items = answer.output.flatMap((item, output_index) => {
    const [added, inner] = itemEvents(item, output_index, lengths);
    return [
      { type: "response.output_item.added", output_index, item: added },
      ...inner,
      { type: "response.output_item.done", output_index, item },
    ];
  });
  const events: Plain[] = [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    ...items,
    { type: "response.completed", response: answer },
  ];
  return events.map((event, sequence_number) => named({ ...event, sequence_number }));
}

const webSearch = fc.record({
  type: fc.constant("web_search_call"),
  id,
  status: fc.constant("completed"),
  action: fc.constant({ type: "search", query: "q" }),
});

const refusalMessage = fc.record({
  type: fc.constant("message"),
  id,
  role: fc.constant("assistant"),
  status: fc.constant("completed"),
  content: fc.tuple(fc.record({ type: fc.constant("refusal"), refusal: text })),
});

export const responsesStreams = streamed(
  fc
    .tuple(
      ANSWERS.responses as unknown as fc.Arbitrary<ResponsesAnswer>,
      fc.option(fc.oneof(webSearch, refusalMessage)),
    )
    .map(([answer, more]): ResponsesAnswer => {
      // Neighbouring messages are one behind the gateway.
      if (more === null || answer.output.at(-1)?.type === more.type) return answer;
      return { ...answer, output: [...answer.output, more as unknown as Item] };
    }),
  [
    named({ type: "response.novelty", x_novel: 1 }),
    named({ type: "keepalive" }),
    ": a comment\n\n",
  ],
  responsesEvents,
);
