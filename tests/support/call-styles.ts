// The ways in which servers of the Chat dialect match fragments of a stream to a call.

export interface Call {
  readonly id: string;
  readonly name: string;
  readonly args: string;
}

/** The text cut at these positions. */
export function pieces(text: string, at: readonly number[]): string[] {
  const places = [...new Set(at.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [...places, text.length].map((end, index) => text.slice(places[index - 1] ?? 0, end));
}

/** Merges sequences by taking one item of each in turn. */
export function interleaved<Item>(
  sequences: readonly (readonly Item[])[],
  choices: Iterable<number>,
): Item[] {
  const left = sequences.map((sequence) => [...sequence]);
  const all: Item[] = [];
  for (const choice of choices) {
    const open = left.filter(({ length }) => length > 0);
    const next = open[choice % Math.max(open.length, 1)]?.shift();
    if (next === undefined) return all;
    all.push(next);
  }
  return all;
}

type Fragment = Readonly<Record<string, unknown>>;

function fragment(index: number | undefined, call: Partial<Call>, piece: string): Fragment {
  return {
    ...(index !== undefined && { index }),
    ...(call.id !== undefined && { id: call.id }),
    function: { ...(call.name !== undefined && { name: call.name }), arguments: piece },
  };
}

/** Streams of the same calls in the style of each server. */
export const CALL_STYLES: Readonly<
  Record<
    string,
    (calls: readonly Call[], at: readonly number[], choices: Iterable<number>) => Fragment[][]
  >
> = {
  "an index, the identifier once": (all, at, choices) =>
    interleaved(
      all.map((call, index) => [
        [fragment(index, call, "")],
        ...pieces(call.args, at).map((piece) => [fragment(index, {}, piece)]),
      ]),
      choices,
    ),
  "an index, no identifier": (all, at, choices) =>
    interleaved(
      all.map(({ name, args: text }, index) => [
        [fragment(index, { name }, "")],
        ...pieces(text, at).map((piece) => [fragment(index, {}, piece)]),
      ]),
      choices,
    ),
  "an index, identifier and name each time": (all, at, choices) =>
    interleaved(
      all.map((call, index) =>
        pieces(call.args, at).map((piece) => [fragment(index, call, piece)]),
      ),
      choices,
    ),
  "the identifier alone, each time": (all, at, choices) =>
    interleaved(
      all.map((call) => [
        [fragment(undefined, call, "")],
        ...pieces(call.args, at).map((piece) => [fragment(undefined, { id: call.id }, piece)]),
      ]),
      choices,
    ),
  "nothing but the order": (all, at) =>
    all.flatMap((call) => [
      [fragment(undefined, call, "")],
      ...pieces(call.args, at).map((piece) => [fragment(undefined, {}, piece)]),
    ]),
  "the place in the chunk": (all, at) => {
    const each = all.map((call) => pieces(call.args, at));
    const rounds = Math.max(...each.map(({ length }) => length));
    return [
      all.map((call) => fragment(undefined, call, "")),
      ...Array.from({ length: rounds }, (_, round) =>
        each.map((own) => fragment(undefined, {}, own[round] ?? "")),
      ),
    ];
  },
  "one index for all, identifiers": (all, at) =>
    all.flatMap((call) => [
      [fragment(0, call, "")],
      ...pieces(call.args, at).map((piece) => [fragment(0, {}, piece)]),
    ]),
  "one index for all, whole arguments, no identifiers": (all) =>
    all.map(({ name, args: text }) => [fragment(0, { name }, text)]),
  "whole calls in one chunk with one index": (all) => [
    all.map((call) => fragment(0, call, call.args)),
  ],
  "one identifier for all, an index": (all, at) =>
    all.flatMap((call, index) => [
      ...pieces(call.args, at)
        .filter((piece) => piece !== "")
        .map((piece, part) => [
          fragment(index, { id: "one", ...(part === 0 && { name: call.name }) }, piece),
        ]),
    ]),
  // github.com/vllm-project/vllm/issues/44098 and 51697.
  "an index, all arguments again at the end, with the name": (all, at) =>
    all.flatMap((call, index) => [
      [fragment(index, call, "")],
      ...pieces(call.args, at).map((piece) => [fragment(index, {}, piece)]),
      [fragment(index, call, call.args)],
    ]),
  "an index, all arguments again at the end, without a name": (all, at) => [
    ...all.flatMap((call, index) => [
      [fragment(index, call, "")],
      ...pieces(call.args, at).map((piece) => [fragment(index, {}, piece)]),
    ]),
    all.map((call, index) => fragment(index, {}, call.args)),
  ],
  "the name as the identifier, whole calls in one chunk": (all) => [
    all.map(({ name, args: text }) => fragment(undefined, { id: name, name }, text)),
  ],
  "the name as the identifier, whole calls in one chunk with one index": (all) => [
    all.map(({ name, args: text }) => fragment(0, { id: name, name }, text)),
  ],
  "another identifier with each fragment": (all, at) =>
    all.flatMap(({ name, args: text }, index) =>
      pieces(text, at)
        .filter((piece) => piece !== "")
        .map((piece, part) => [fragment(index, { id: `${index}_${part}`, name }, piece)]),
    ),
  "objects in place of text": (all) =>
    all.map((call, index) => [
      { index, id: call.id, function: { name: call.name, arguments: `RAW${index}WAR` } },
    ]),
};
