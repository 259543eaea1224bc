// The rules of the explored world, and variants with one broken rule.
import { append, claim, created, handedOff } from "../../../src/streams/stream-machine.ts";
import type { StreamRecord, WriterToken } from "../../../src/streams/stream-record.ts";
import { newStream } from "../stored-streams.ts";

export interface StreamRules {
  created(token: WriterToken): StreamRecord;
  readonly append: typeof appendKnown;
  readonly claim: typeof claim;
  readonly handedOff: typeof handedOff;
  /** Position of an event in the log, given its writer's number. */
  sequenceOf(number: number, shift: number): number;
  nonceOf(writer: number, epoch: number): number;
  /** Position up to which a writer shows its events to its readers. */
  pushedUpTo(writer: { readonly produced: number; readonly acknowledged: number }): number;
  /** Readers name the writer of their last event. */
  readonly verifiesWriter: boolean;
  /** Readers ask the log when a pushed batch has another writer than their last event. */
  readonly verifiesPushes: boolean;
}

type AppendStep = Parameters<typeof append>[1];

function appendKnown(record: StreamRecord, step: AppendStep, now: number) {
  return append(record, step, now);
}

export const shippedRules: StreamRules = {
  created: (token) => created(newStream({ streamId: "s.explored", token }), 0),
  append: appendKnown,
  claim,
  handedOff,
  sequenceOf: (number) => number,
  nonceOf: (writer) => writer + 1,
  pushedUpTo: ({ acknowledged }) => acknowledged,
  verifiesWriter: true,
  verifiesPushes: true,
};

interface Mutant {
  readonly name: string;
  readonly broken: Partial<StreamRules>;
  /** The violation needs a store that loses acknowledged events this many times. */
  readonly rollbacks: number;
  /** The violation needs this many changes of owner. */
  readonly claims: number;
  readonly handsOff?: boolean;
  /** The first property that the variant violates. */
  readonly caughtBy: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: "no fence",
    broken: {
      append: (record, step, now) => append(record, { ...step, token: record.token }, now),
    },
    rollbacks: 0,
    claims: 1,
    caughtBy: "P5: a writer wrote after its stream was claimed",
  },
  {
    name: "the store assigns positions",
    broken: {
      append(record, step, now) {
        const first = record.tail + 1;
        return append(record, { ...step, first, last: first + step.last - step.first }, now);
      },
      sequenceOf: (number, shift) => number + shift,
    },
    rollbacks: 0,
    claims: 1,
    caughtBy: "P3: an event stands where its writer did not put it",
  },
  {
    name: "no gap check",
    broken: {
      append: (record, step, now) =>
        append(record, { ...step, first: Math.min(step.first, record.tail + 1) }, now),
    },
    rollbacks: 1,
    claims: 1,
    caughtBy: "P1: the log has a gap or repeats itself",
  },
  {
    name: "deliver before commit",
    broken: { pushedUpTo: ({ produced }) => produced },
    rollbacks: 0,
    claims: 1,
    caughtBy: "P2: a reader has what is not in the log",
  },
  {
    name: "epoch without nonce",
    broken: { nonceOf: (_, epoch) => epoch },
    rollbacks: 1,
    claims: 2,
    caughtBy: "P5: one epoch has two writers",
  },
  {
    name: "cursor without writer",
    broken: { verifiesWriter: false },
    rollbacks: 1,
    claims: 1,
    caughtBy: "P7: a reader has parts of two logs, and was not told",
  },
  {
    name: "claim without the expected epoch",
    broken: {
      claim: (record, epoch, isOwnerAlive, next) =>
        claim(record, record?.token.epoch ?? epoch, isOwnerAlive, next),
    },
    rollbacks: 0,
    claims: 1,
    caughtBy: "a stream was taken from an owner that nobody had seen dead",
  },
  {
    name: "a lost stream that is handed off is not counted",
    broken: {
      handedOff: (record) => record && { ...record, handedOff: true },
    },
    rollbacks: 0,
    claims: 1,
    handsOff: true,
    caughtBy: "P18: a change of owner that nothing counts",
  },
  {
    name: "a takeover is not counted",
    broken: {
      claim(record, epoch, isOwnerAlive, next) {
        const { answer, after } = claim(record, epoch, isOwnerAlive, next);
        if (after === undefined || record === undefined) return { answer };
        return { answer, after: { ...after, takeovers: record.takeovers } };
      },
    },
    rollbacks: 0,
    claims: 1,
    caughtBy: "P18: a change of owner that nothing counts",
  },
  {
    name: "a push of another writer is believed",
    broken: { verifiesPushes: false },
    rollbacks: 1,
    claims: 1,
    caughtBy: "P7: a reader has parts of two logs, and was not told",
  },
];
