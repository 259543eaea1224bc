// Streams of the vendors, made of their whole answers: each text is cut anywhere, and between the events come signs of
// life and events that nobody knows.
import fc from "fast-check";

/** A stream, and the lengths in which a server writes its bytes. */
export interface StreamedAnswer {
  readonly text: string;
  readonly cuts: readonly number[];
}

export type Plain = Record<string, unknown>;

/** A text in pieces of these lengths, in code points. */
export function pieces(whole: string, lengths: readonly number[]): string[] {
  const points = [...whole];
  const all: string[] = [];
  for (let at = 0, turn = 0; at < points.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    all.push(points.slice(at, at + length).join(""));
    at += length;
  }
  return all;
}

function textOf(events: readonly string[], between: readonly string[]): string {
  const all = events.map((event, index) => `${between[index % between.length] ?? ""}${event}`);
  return all.join("");
}

export const named = (data: Plain): string =>
  `event: ${String(data["type"])}\ndata: ${JSON.stringify(data)}\n\n`;
export const unnamed = (data: Plain): string => `data: ${JSON.stringify(data)}\n\n`;

/** `between`: what the dialect has between its events. */
export function streamed<Answer>(
  answer: fc.Arbitrary<Answer>,
  between: readonly string[],
  eventsOf: (answer: Answer, lengths: readonly number[]) => readonly string[],
): fc.Arbitrary<StreamedAnswer> {
  const length = fc.integer({ min: 1, max: 9 });
  return fc
    .record({
      answer,
      lengths: fc.array(length, { minLength: 1, maxLength: 4 }),
      between: fc.array(fc.constantFrom("", "", ...between), { minLength: 1, maxLength: 5 }),
      // One byte at a time is every split of the stream in one answer.
      cuts: fc.oneof(
        fc.constant([1]),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 9 }),
      ),
    })
    .map(({ answer: whole, lengths, between: own, cuts }) => ({
      text: textOf(eventsOf(whole, lengths), own),
      cuts,
    }));
}
