// Streams of Chat Completions.
import fc from "fast-check";
import { text } from "./arbitrary-fields.ts";
import { type Plain, pieces, streamed, unnamed } from "./streamed.ts";
import { ANSWERS } from "./whole-answers.ts";

/** Deltas of several calls in turn, as servers write them that make calls side by side. */
function inTurn<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const most = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: most }, (_, turn) =>
    lists.flatMap((each) => each.slice(turn, turn + 1)),
  ).flat();
}

interface ChatMessage extends Plain {
  readonly content: string | null;
  readonly refusal: string | null;
  readonly tool_calls?: readonly { readonly id: string; readonly type: string }[];
}

function callDeltas(call: Plain, index: number, lengths: readonly number[]): Plain[] {
  const { id: called, type, function: own, ...more } = call;
  const { arguments: whole, name: known } = own as { arguments: string; name: string };
  const first = { index, ...more, id: called, type, function: { name: known, arguments: "" } };
  const rest = pieces(whole, lengths).map((each) => ({ index, function: { arguments: each } }));
  return [first, ...rest];
}

interface ChatAnswer extends Plain {
  readonly choices: readonly {
    readonly message: ChatMessage;
    readonly finish_reason: string;
    readonly logprobs: { content: unknown[] } | null;
  }[];
}

function chatEvents(
  { answer, thoughts, refusal, isParallel }: ChatParts,
  lengths: readonly number[],
): string[] {
  const { choices, usage, ...top } = answer;
  const [choice] = choices;
  if (choice === undefined) return [];
  const {
    message,
    finish_reason,
    logprobs,
    index: _,
    ...ofChoice
  } = choice as typeof choice & Plain;
  const {
    content,
    refusal: __,
    role,
    tool_calls: calls = [],
    ...own
  } = message as ChatMessage & Plain;
  const head = { ...top, object: "chat.completion.chunk" };
  const chunk = (delta: Plain, more: Plain = {}): string =>
    unnamed({
      ...head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: null, ...more }],
    });
  const said = refusal ?? content ?? "";
  const words = pieces(said, lengths).map((each, at, all) => {
    const tokens = at === all.length - 1 ? logprobs : null;
    if (refusal !== undefined) return chunk({ refusal: each });
    return chunk({ content: each }, { logprobs: tokens });
  });
  // The vendor's client takes a custom call for one of a function until its end.
  const functions = calls.filter(({ type }) => type === "function");
  const deltas = functions.map((call, index) =>
    callDeltas(call as unknown as Plain, index, lengths),
  );
  const inOrder = isParallel ? inTurn(deltas) : deltas.flat();
  const reason = finish_reason === "tool_calls" && functions.length === 0 ? "stop" : finish_reason;
  return [
    chunk({ role, content: "", refusal: null }),
    ...pieces(thoughts, lengths).map((each) => chunk({ reasoning_content: each })),
    ...words,
    ...(Object.keys(own).length === 0 ? [] : [chunk(own)]),
    ...inOrder.map((each) => chunk({ tool_calls: [each] })),
    chunk({}, { ...ofChoice, finish_reason: reason }),
    unnamed({ ...head, choices: [], usage }),
    "data: [DONE]\n\n",
  ];
}

interface ChatParts {
  readonly answer: ChatAnswer;
  readonly thoughts: string;
  readonly refusal: string | undefined;
  readonly isParallel: boolean;
}

export const chatStreams = streamed(
  fc.record<ChatParts>({
    answer: ANSWERS.chat as unknown as fc.Arbitrary<ChatAnswer>,
    thoughts: fc.oneof(fc.constant(""), text),
    refusal: fc.option(text, { nil: undefined, freq: 5 }),
    isParallel: fc.boolean(),
  }),
  [": processing\n\n", 'data: {"choices":[],"x_novel":1}\n\n'],
  chatEvents,
);
