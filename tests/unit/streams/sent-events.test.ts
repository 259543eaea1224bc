import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SentEvents } from "../../../src/streams/sent-events.ts";
import { encode } from "../../support/stored-streams.ts";

const FIRST = 5;

function eventsTo(count: number, keepsStored = true): SentEvents {
  const sent = new SentEvents(9, FIRST - 1, keepsStored);
  for (let index = 0; index < count; index++) sent.push(encode(`event ${FIRST + index}`));
  return sent;
}

const textOf = (events: readonly Uint8Array[]): string[] =>
  events.map((event) => Buffer.from(event).toString());

const written = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `event ${first + index}`);

describe("the events of a writer", () => {
  it("come again from wherever the store has lost them, however often", () => {
    const step = fc.record({ isLoss: fc.boolean(), place: fc.nat(20), added: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const sent = eventsTo(20);
        let stored = FIRST - 1;
        for (const { isLoss, place, added } of steps) {
          for (let index = 0; index < added; index++) sent.push(encode(`event ${sent.tail + 1}`));
          if (isLoss) {
            stored = FIRST - 1 + (place % (stored - FIRST + 2));
            sent.lose(stored);
          } else {
            stored = Math.min(sent.tail, stored + place);
            sent.store(stored);
          }
          expect(textOf(sent.behind(stored))).toEqual(written(stored + 1, sent.tail));
          expect(textOf(sent.behind(stored, 2))).toEqual(
            written(stored + 1, Math.min(sent.tail, stored + 2)),
          );
        }
        expect(sent.first).toBe(FIRST - 1);
      }),
    );
  });

  it("are packed once, whatever is lost and stored again", () => {
    const sent = eventsTo(1_000);
    sent.store(1_004);
    const { held } = sent;
    sent.lose(10);
    sent.store(500);
    sent.store(1_004);
    expect(sent.held).toBe(held);
  });

  it("are let go of one by one", () => {
    const sent = eventsTo(2, false);
    sent.store(FIRST);
    expect([sent.first, sent.tail]).toEqual([FIRST, FIRST + 1]);
    sent.store(FIRST + 1);
    expect(sent.first).toBe(FIRST + 1);
  });

  it("are not kept where the store can lose nothing", () => {
    const sent = eventsTo(1_000, false);
    sent.store(900);
    expect(sent.first).toBe(900);
    expect(sent.held).toBe(0);
    expect(textOf(sent.behind(900))).toEqual(written(901, 1_004));
    sent.lose(800);
    expect(textOf(sent.behind(900))).toEqual(written(901, 1_004));
  });
});
