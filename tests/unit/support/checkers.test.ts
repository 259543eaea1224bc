import { describe, expect, it } from "vitest";
import {
  checkIsolation,
  checkLiveness,
  checkResources,
  checkRetention,
  checkStops,
} from "../../support/checkers/check-bounds.ts";
import {
  checkAgreement,
  checkSequences,
  checkTerminals,
} from "../../support/checkers/check-delivery.ts";
import { checkHistory } from "../../support/checkers/check-history.ts";
import {
  checkDurability,
  checkFences,
  checkLosses,
  checkOrder,
  checkRepetitions,
} from "../../support/checkers/check-log.ts";
import { checkPayments } from "../../support/checkers/check-payments.ts";
import { checkTexts } from "../../support/checkers/check-text.ts";
import type { HistoryEntry, Violation } from "../../support/history.ts";
import {
  attach,
  begin,
  call,
  calm,
  claim,
  complete,
  counts,
  end,
  held,
  kept,
  log,
  loss,
  other,
  running,
  seen,
  stored,
  stream,
  streamId,
  t0,
  t1,
  text,
  three,
} from "../../support/history-entries.ts";

// Every checker says nothing of a good history, and names the breach in a bad one.

const liveness = (history: readonly HistoryEntry[]): Violation[] => checkLiveness(history, 6_000);

/** Its provider is called all the time. */
function standingStill(isWhole: boolean): readonly HistoryEntry[] {
  const sights = [17_000, 24_000, 31_000].map((at) => running(at, 1, false, isWhole));
  return [calm, call(0, "opened"), log(three), ...sights];
}

type Row = readonly [
  property: string,
  what: string,
  check: (history: readonly HistoryEntry[]) => Violation[],
  good: readonly HistoryEntry[],
  bad: readonly HistoryEntry[],
];

const whole = [
  begin,
  seen("a", 1, { type: "start" }),
  seen("a", 2, text(t0)),
  seen("a", 3, text(t1)),
  seen("a", 4, complete(t0 + t1)),
];

const runs = (count: number): HistoryEntry[] =>
  Array.from({ length: count }, (_, run) => ({ at: 0, type: "run", run, generation: "g" }));
const planned = (count: number): HistoryEntry[] =>
  Array.from({ length: count }, () => ({ ...stream, type: "hand-off", cause: "planned" }));

const rows: readonly Row[] = [
  ["P1", "a gap", checkSequences, whole, [seen("a", 1), seen("a", 3)]],
  ["P1", "a repetition", checkSequences, whole, [seen("a", 1), seen("a", 2), seen("a", 2)]],
  [
    "P2",
    "two consumers that differ",
    checkAgreement,
    [seen("a", 1), seen("b", 1), seen("c", 1, other, { digest: "x", isUndurable: true })],
    [seen("a", 1), seen("b", 1, other, { digest: "x" })],
  ],
  ["P2", "another writer", checkAgreement, [], [seen("a", 1), seen("b", 1, other, { writer: 8 })]],
  ["P3", "a lost token", checkTexts, whole, [begin, seen("a", 1, text(t1))]],
  ["P3", "a doubled token", checkTexts, whole, [begin, seen("a", 1, text(t0 + t0))]],
  ["P3", "a wrong order", checkTexts, whole, [begin, seen("a", 1, text(t1 + t0))]],
  ["P3", "a silent truncation", checkTexts, whole, [begin, seen("a", 1, complete(""))]],
  [
    "P3",
    "a wrong whole answer",
    checkTexts,
    [begin, { at: 0, type: "answer", consumer: "a", text: t0 + t1 }],
    [begin, { at: 0, type: "answer", consumer: "a", text: t0 }],
  ],
  [
    "P3",
    "a restart that keeps the old text",
    checkTexts,
    [begin, seen("a", 1, text(t0)), seen("a", 2, { type: "discard" }), seen("a", 3, text(t0))],
    [begin, seen("a", 1, text(t0)), seen("a", 2), seen("a", 3, text(t0))],
  ],
  [
    "P4",
    "events behind the last one",
    checkTerminals,
    whole,
    [seen("a", 1, complete("")), seen("a", 2)],
  ],
  [
    "P4",
    "two ends",
    checkTerminals,
    [seen("a", 2, complete("")), seen("b", 2, complete(""))],
    [seen("a", 2, complete("")), seen("b", 3, { type: "error", reason: "" })],
  ],
  [
    "P5",
    "an event of an owner that was replaced",
    checkFences,
    [
      claim(2, 8, 1),
      log([
        [7, "d1"],
        [8, "d2"],
      ]),
    ],
    [
      claim(2, 8, 1),
      log([
        [7, "d1"],
        [7, "d2"],
      ]),
    ],
  ],
  [
    "P6",
    "a delivery before the store's word",
    checkOrder,
    [stored(2, 3), seen("a", 1), seen("a", 2), seen("a", 3)],
    [seen("a", 2), stored(2, 3)],
  ],
  [
    "P6",
    "what the log does not hold",
    checkDurability,
    [seen("a", 2), log(three)],
    [seen("a", 4), log(three)],
  ],
  [
    "P7",
    "a splice after a loss",
    checkLosses,
    [loss, seen("a", 1), seen("a", 2, other, { digest: "x" }), log(three)],
    [loss, seen("a", 1), seen("a", 2, other, { digest: "x" }), seen("a", 3), log(three)],
  ],
  [
    "P8",
    "an append that was stored twice",
    checkRepetitions,
    [stored(2, 3), { ...stored(2, 3), answer: "repeated" } as HistoryEntry, stored(4, 4)],
    [stored(2, 3), stored(2, 3)],
  ],
  [
    "P9",
    "a call that goes on after a cancel",
    checkStops,
    [
      begin,
      attach(0, "attach"),
      call(0, "opened"),
      { at: 10, type: "cancel", streamId, isCancelled: true },
      call(1_500, "closed"),
      log(three),
      end,
    ],
    [
      begin,
      attach(0, "attach"),
      call(0, "opened"),
      { at: 10, type: "cancel", streamId, isCancelled: true },
      call(9_500, "closed"),
      log(three),
      end,
    ],
  ],
  [
    "P9",
    "a call that goes on after the grace",
    checkStops,
    [
      begin,
      attach(0, "attach"),
      call(0, "opened"),
      attach(9, "detach"),
      call(4_000, "closed"),
    ].concat(log(three), end),
    [
      begin,
      attach(0, "attach"),
      call(0, "opened"),
      attach(9, "detach"),
      call(9_000, "closed"),
    ].concat(log(three), end),
  ],
  [
    "P10",
    "an orphan",
    liveness,
    [calm, running(0, 1, true), running(9_000, 1, true), running(10_500, 1, false)],
    [calm, running(0, 1, true), running(9_000, 1, true), running(10_500, 1, true)],
  ],
  [
    "P10",
    "a stream that stands still",
    liveness,
    [calm, running(17_000, 1, false), running(24_000, 2, false), running(31_000, 3, false)],
    [calm, running(17_000, 1, false), running(24_000, 1, false), running(31_000, 1, false)],
  ],
  [
    "P10",
    "a stream that stands still while its provider is called, as a whole answer may",
    liveness,
    standingStill(true),
    standingStill(false),
  ],
  ["P10", "a consumer that waits for ever", liveness, [calm, begin, end], [calm, begin]],
  [
    "P11",
    "events behind their retention",
    checkRetention,
    [kept(40_000, false), kept(60_000, true)],
    [kept(60_000, false)],
  ],
  ["P11", "a tombstone that stays", checkRetention, [], [kept(93_000, true)]],
  [
    "P11",
    "a cleanup that takes what runs",
    checkRetention,
    [{ at: 0, type: "cleanup", deleted: 2, before: counts(3), after: counts(1) }],
    [{ at: 0, type: "cleanup", deleted: 2, before: counts(3), after: counts(1, 0) }],
  ],
  [
    "P16",
    "a foreign caller that is let in",
    checkIsolation,
    [{ ...stream, type: "foreign", code: "NOT_FOUND" }],
    [{ ...stream, type: "foreign", code: "PERMISSION_DENIED" }],
  ],
  [
    "P17",
    "what is never given back",
    checkResources,
    [held("before", 10), held("after", 11)],
    [held("before", 10), held("after", 12)],
  ],
  [
    "P18",
    "a generation that is run for each of its losses",
    checkPayments,
    [...runs(1 + 2 + 8), ...planned(9), log(three)],
    [...runs(1 + 2 + 9), ...planned(9), log(three)],
  ],
  [
    "P18",
    "a run that calls its providers without end",
    checkPayments,
    Array.from({ length: 4 }, () => call(0, "opened")),
    Array.from({ length: 5 }, () => call(0, "opened")),
  ],
  ["P18", "a defect", checkPayments, [], [{ at: 0, type: "defect", replica: "one" }]],
];

describe("the checkers of histories", () => {
  it.each(rows)("%s finds %s, and nothing where it is not", (property, _what, check, good, bad) => {
    expect(check(good)).toEqual([]);
    expect(check(bad)[0]).toMatchObject({ property });
    expect(checkHistory(bad).map((violation) => violation.property)).toContain(property);
  });

  it("P9 does not count times in which something was broken", () => {
    const history = [
      begin,
      attach(0, "attach"),
      { at: 0, type: "fault", fault: "outage", until: 5_000 },
      call(0, "opened"),
      attach(9, "detach"),
      call(9_000, "closed"),
      log(three),
      end,
    ] as const;
    expect(checkStops(history)).toEqual([]);
  });
});
