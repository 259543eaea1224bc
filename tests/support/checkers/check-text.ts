// Checks of the text that consumers built: P3 and P14.
import { entriesOf, groupBy, type HistoryEntry, truth, type Violation } from "../history.ts";

export interface TextFigures {
  lost: number;
  duplicated: number;
  reordered: number;
}

/** Differences between a text and the tokens 0 to n. */
function differences(text: string, figures: TextFigures): void {
  let expected = 0;
  for (const [, digits] of text.matchAll(/:(\d+)> /g)) {
    const index = Number(digits);
    if (index > expected) figures.lost += index - expected;
    else if (index === expected - 1) figures.duplicated++;
    else if (index < expected) figures.reordered++;
    expected = Math.max(expected, index + 1);
  }
}

/**
 * P3, P14: a consumer that finishes with success has the provider's text in its deltas and in the final message,
 * also after a restart. Any other consumer has a prefix of it.
 */
export function checkTexts(
  history: readonly HistoryEntry[],
  figures: TextFigures = { lost: 0, duplicated: 0, reordered: 0 },
): Violation[] {
  const begins = new Map(entriesOf(history, "begin").map((begin) => [begin.consumer, begin]));
  const violations: Violation[] = [];
  const wrong = (consumer: string, text: string, what: string): void => {
    differences(text, figures);
    violations.push({ property: "P3", message: `${consumer}: ${what}: ${JSON.stringify(text)}` });
  };
  const events = entriesOf(history, "event");
  for (const seen of groupBy(events, (each) => `${each.consumer} ${each.streamId}`).values()) {
    const begin = begins.get(seen[0]?.consumer ?? "");
    if (begin === undefined) continue;
    const whole = truth(begin.key, begin.tokens);
    let text = "";
    for (const { body, consumer } of seen) {
      if (body.type === "discard") text = "";
      if (body.type === "text") {
        text += body.text;
        if (!whole.startsWith(text)) {
          wrong(consumer, text, "no beginning of the truth");
          break;
        }
      }
      if (body.type !== "complete") continue;
      if (text !== whole) wrong(consumer, text, "ended with success");
      if (body.text !== whole) wrong(consumer, body.text, "final message");
    }
  }
  for (const { consumer, text } of entriesOf(history, "answer")) {
    const begin = begins.get(consumer);
    if (begin !== undefined && text !== truth(begin.key, begin.tokens)) {
      wrong(consumer, text, "whole answer");
    }
  }
  return violations;
}
