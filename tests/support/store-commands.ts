// Random operations on a few streams, each sent to the model and to the store.

import fc from "fast-check";
import { expect } from "vitest";
import type {
  CancelReason,
  EndPhase,
  HandOffCause,
  NewStream,
} from "../../src/streams/stream-record.ts";
import type { Append, StreamStore } from "../../src/streams/stream-store.ts";
import { listAll } from "./list-all.ts";
import { comparable, type StoreModel } from "./store-model.ts";
import { batchOf, cleanupQuery, encode, LONG_MS, listQuery, progressOf } from "./stored-streams.ts";

type Command = fc.AsyncCommand<StoreModel, StreamStore>;

const ids = ["s.one", "s.two", "s.three"];
const sessions = ["session-a", "session-b"];

const streamId = fc.constantFrom(...ids);
const session = fc.constantFrom(...sessions);
const nonce = fc.integer({ min: 11, max: 14 });

/** Asks both the same question and expects the same answer, apart from times. */
function ask(
  text: string,
  ofModel: (model: StoreModel) => unknown,
  ofStore: (store: StreamStore) => unknown,
): Command {
  return {
    check: () => true,
    async run(model, store) {
      const expected = comparable(ofModel(model));
      expect(comparable(await ofStore(store)), text).toEqual(expected);
    },
    toString: () => text,
  };
}

async function send(model: StoreModel, store: StreamStore, append: Append): Promise<string> {
  const expected = model.append(append);
  expect(comparable(await store.append(append))).toEqual(comparable(expected));
  return expected.state;
}

/** Batches before, at and after the tail, by every writer of the stream. */
const append = fc
  .record({
    streamId,
    writer: fc.nat({ max: 3 }),
    offset: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.integer({ min: -3, max: 2 })),
    length: fc.integer({ min: 1, max: 4 }),
    hasContent: fc.boolean(),
    provider: fc.option(fc.constantFrom("provider-a", "provider-b"), { nil: undefined }),
    phase: fc.oneof(
      { weight: 7, arbitrary: fc.constant(undefined) },
      fc.constantFrom<EndPhase>("completed", "failed", "cancelled"),
    ),
    freesKey: fc.boolean(),
  })
  .map(
    (plan): Command => ({
      check: (model) => model.tokens.has(plan.streamId),
      async run(model, store) {
        const tokens = model.tokens.get(plan.streamId) ?? [];
        const token = tokens[tokens.length - 1 - (plan.writer % tokens.length)];
        if (token === undefined) return;
        const tail = model.streams.get(plan.streamId)?.record.tail ?? 0;
        const first = Math.max(tail + 1 + plan.offset, 1);
        const batch = batchOf(first, first + plan.length - 1, token.nonce);
        const { phase, freesKey, provider } = plan;
        const made: Append = {
          streamId: plan.streamId,
          token,
          batch,
          firstContent: plan.hasContent ? first : 0,
          ending: phase === undefined ? undefined : { phase, freesKey },
          progress: provider === undefined ? undefined : progressOf(provider),
        };
        model.sent.push(made);
        await send(model, store, made);
      },
      toString: () => `append ${JSON.stringify(plan)}`,
    }),
  );

/** P8: an earlier append is repeated one to three times, at any later time. */
const replay = fc.record({ which: fc.nat(), times: fc.integer({ min: 1, max: 3 }) }).map(
  ({ which, times }): Command => ({
    check: (model) => model.sent.length > 0,
    async run(model, store) {
      const again = model.sent[which % model.sent.length];
      if (again === undefined) return;
      for (let turn = 0; turn < times; turn++) {
        const wasStored = (await send(model, store, again)) === "stored";
        if (turn > 0) expect(wasStored).toBe(false);
      }
    },
    toString: () => `replay(${which}, ${times} times)`,
  }),
);

const create = fc
  .record({
    streamId,
    nonce,
    session,
    caller: fc.constantFrom("caller-a", "caller-b"),
    requestId: fc.constantFrom("", "", "request-1", "request-2"),
    fingerprint: fc.constantFrom("this", "that"),
    hasRequest: fc.boolean(),
    keepsRequest: fc.boolean(),
  })
  .map(({ nonce: first, hasRequest, ...rest }) => {
    const stream: NewStream = {
      ...rest,
      token: { epoch: 1, nonce: first },
      start: encode(`event 1 of ${first}`),
      request: hasRequest ? encode(`request of ${rest.streamId}`) : undefined,
      retentionMs: LONG_MS,
      totalMs: 60_000,
      progress: progressOf("provider-a"),
    };
    return ask(
      `create ${JSON.stringify({ ...rest, nonce: first, hasRequest })}`,
      (model) => model.create(stream),
      (store) => store.create(stream),
    );
  });

const read = fc
  .record({
    streamId,
    sequence: fc.nat({ max: 12 }),
    writer: fc.constantFrom(0, 0, 11, 12, 13, 14),
    limit: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ streamId: id, limit, ...cursor }) =>
    ask(
      `read(${id}, ${JSON.stringify(cursor)}, ${limit})`,
      (model) => model.read(id, cursor, limit),
      (store) => store.read(id, cursor, limit),
    ),
  );

const claim = fc
  .record({
    streamId,
    offset: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.constantFrom(-1, 1)),
    session,
    nonce,
  })
  .map(
    ({ streamId: id, offset, ...next }): Command => ({
      check: () => true,
      async run(model, store) {
        const epoch = (model.streams.get(id)?.record.token.epoch ?? 1) + offset;
        const expected = comparable(model.claim(id, epoch, next));
        expect(comparable(await store.claim(id, epoch, next))).toEqual(expected);
      },
      toString: () => `claim(${id}, ${offset}, ${JSON.stringify(next)})`,
    }),
  );

const cause = fc.constantFrom<HandOffCause>("planned", "lost");
const handOff = fc.record({ streamId, writer: fc.nat({ max: 1 }), cause }).map(
  ({ streamId: id, writer, cause: why }): Command => ({
    check: (model) => model.tokens.has(id),
    async run(model, store) {
      const token = model.tokens.get(id)?.at(-1 - writer);
      if (token === undefined) return;
      const expected = model.handOff(id, token, why);
      expect(await store.handOff(id, token, why)).toBe(expected);
    },
    toString: () => `handOff(${id}, ${writer}, ${why})`,
  }),
);

const cancel = fc
  .record({ streamId, reason: fc.constantFrom<CancelReason>("caller", "operator", "disconnect") })
  .map(({ streamId: id, reason }) =>
    ask(
      `requestCancel(${id}, ${reason})`,
      (model) => model.requestCancel(id, reason),
      (store) => store.requestCancel(id, reason),
    ),
  );

const life = fc.record({ session, isOpen: fc.boolean() }).map(({ session: name, isOpen }) =>
  ask(
    `${isOpen ? "renewSession" : "closeSession"}(${name})`,
    (model) => {
      const isKnown = model.sessions.has(name);
      if (!isOpen) return void model.sessions.delete(name);
      model.sessions.add(name);
      return isKnown ? "renewed" : "lost";
    },
    (store) => (isOpen ? store.renewSession(name, LONG_MS) : store.closeSession(name)),
  ),
);

const cleanup = fc
  .record({
    dryRun: fc.boolean(),
    phases: fc.constantFrom<EndPhase[]>([], ["completed"], ["failed", "cancelled"]),
  })
  .map((overrides) =>
    ask(
      `cleanup(${JSON.stringify(overrides)})`,
      (model) => model.cleanup(cleanupQuery(overrides)),
      async (store) => {
        const { sample, ...counts } = await store.cleanup(cleanupQuery(overrides));
        expect(sample).toHaveLength(counts.matched);
        return counts;
      },
    ),
  );

const dropTombstones = fc.constant(
  ask(
    "reap",
    (model) => {
      model.dropTombstones();
      return { expired: 0 };
    },
    (store) => store.reap(0, 100),
  ),
);

/** Compares everything visible, in a fixed order. */
export async function expectSameStreams(model: StoreModel, store: StreamStore): Promise<void> {
  const byId = (found: readonly unknown[]) =>
    (comparable(found) as { streamId: string }[]).sort((a, b) =>
      a.streamId < b.streamId ? -1 : 1,
    );
  for (const id of ids) {
    const cursor = { sequence: 0, writer: 0 };
    const log = comparable(await store.read(id, cursor, 1_000));
    expect(log).toEqual(comparable(model.read(id, cursor, 1_000)));
    const request = comparable(await store.loadRequest(id));
    expect(request).toEqual(comparable(model.loadRequest(id)));
  }
  const heads = await store.heads(ids);
  expect(comparable(heads)).toEqual(comparable(ids.map((id) => model.head(id))));
  expect(byId(await store.orphans(100))).toEqual(byId(model.orphans()));
  for (const phase of ["running", "orphaned", "completed"] as const) {
    const query = listQuery({ phases: [phase] });
    expect(byId(await listAll(store, query))).toEqual(byId(model.list(query)));
  }
  for (const caller of ["caller-a", "caller-b"]) {
    for (const requestId of ["request-1", "request-2"]) {
      const found = comparable(await store.find(caller, requestId));
      expect(found).toEqual(comparable(model.find(caller, requestId)));
    }
  }
}

const look = fc.constant<Command>({
  check: () => true,
  run: expectSameStreams,
  toString: () => "look",
});

export const storeCommands = [
  create,
  create,
  append,
  append,
  append,
  append,
  replay,
  replay,
  read,
  claim,
  claim,
  handOff,
  cancel,
  life,
  cleanup,
  dropTombstones,
  look,
];
