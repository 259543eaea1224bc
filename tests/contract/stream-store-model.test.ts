// Random histories: every store answers as the pure machine does, and holds the same log.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Append } from "../../src/streams/stream-store.ts";
import { expectSameStreams, storeCommands } from "../support/store-commands.ts";
import { StoreModel } from "../support/store-model.ts";
import { appendTo, beginning, LONG_MS, newStream, readable } from "../support/stored-streams.ts";
import { useStores } from "../support/stores.ts";

/** Sends of one stream: each append when it is due, and up to two times more after that. */
const schedule = fc
  .array(
    fc.record({
      size: fc.integer({ min: 1, max: 4 }),
      /** How many appends later its copies arrive. */
      repeats: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 2 }),
      changesHands: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.boolean()),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((plan) => ({
    plan,
    sends: plan
      .flatMap(({ repeats }, index) => [0, ...repeats].map((delay) => ({ index, delay })))
      .sort((a, b) => a.index + a.delay - (b.index + b.delay) || a.delay - b.delay),
  }));

describe.each(useStores())("$name", (under) => {
  it("answers as the machine does, whatever happens in whatever order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.commands(storeCommands, { maxCommands: 60, size: "max" }),
        async (commands) => {
          const opened = await under.open();
          const model = new StoreModel();
          for (const session of ["session-a", "session-b"]) {
            await opened.store.openSession(session, LONG_MS);
            model.sessions.add(session);
          }
          try {
            await fc.asyncModelRun(() => ({ model, real: opened.store }), commands);
            await expectSameStreams(model, opened.store);
          } finally {
            await opened.close();
          }
        },
      ),
      { numRuns: under.modelRuns },
    );
  }, 600_000);

  it("P8: keeps its log when every append is sent one to three times", async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async ({ plan, sends }) => {
        const opened = await under.open();
        const { store } = opened;
        try {
          await store.openSession("session-a", LONG_MS);
          const stream = newStream();
          await store.create(stream);
          let token = stream.token;
          let tail = 1;
          const appends: Append[] = [];
          for (const { index, delay } of sends) {
            const step = plan[index];
            if (step === undefined) continue;
            if (delay === 0 && appends[index] === undefined) {
              if (step.changesHands) {
                await store.handOff(stream.streamId, token, "planned");
                const next = { session: "session-a", nonce: token.nonce + 5_000 };
                await store.claim(stream.streamId, token.epoch, next);
                token = { epoch: token.epoch + 1, nonce: next.nonce };
              }
              appends[index] = appendTo(stream, tail + 1, tail + step.size, { token });
              tail += step.size;
              const answer = await store.append(appends[index]);
              expect(answer).toMatchObject({ state: "stored", tail });
            } else if (appends[index] !== undefined) {
              const { state } = await store.append(appends[index]);
              const isOwner = appends[index].token.epoch === token.epoch;
              expect(state).toBe(isOwner ? "repeated" : "fenced");
            }
          }
          const log = await store.read(stream.streamId, beginning, 100);
          if (log.state !== "read") throw new Error(log.state);
          const behindStart = readable(log.batches.slice(1));
          expect(behindStart).toEqual(readable(appends.map(({ batch }) => batch)));
        } finally {
          await opened.close();
        }
      }),
      { numRuns: under.modelRuns / 2 },
    );
  }, 600_000);
});
