import { expect, it } from "vitest";
import { createCallerRevocation } from "../../../src/operations/caller-revocation.ts";
import { LOOKED_AT } from "../../../src/streams/stream-query.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { sharedStore } from "../../support/shared-store.ts";
import { LONG_MS, newStream } from "../../support/stored-streams.ts";
import { streamLog } from "../../support/stream-log.ts";

it("a caller that is removed has all its streams ended, behind however many of others", async () => {
  const clock = createManualClock();
  const store = sharedStore(clock);
  await store.openSession("there-1", LONG_MS);
  const create = async (caller: string, count: number): Promise<string[]> => {
    const streams = Array.from({ length: count }, () => newStream({ session: "there-1", caller }));
    for (const stream of streams) await store.create(stream);
    await clock.advance(1);
    return streams.map(({ streamId }) => streamId);
  };
  const removed = await create("removed", 3);
  const kept = await create("kept", 2 * LOOKED_AT);
  removed.push(...(await create("removed", 600)));
  const revoke = createCallerRevocation({
    clock,
    log: streamLog(store, clock, "here-1"),
    abortGenerations: () => {},
    endCalls: () => {},
    onFailure: (caller) => {
      throw new Error(caller);
    },
    signal: new AbortController().signal,
  });
  await revoke(["removed"]);
  const cancelled = async (ids: readonly string[]): Promise<number> =>
    (await store.heads(ids)).filter((stream) => stream?.cancel === "revoked").length;
  expect(await cancelled(removed)).toBe(603);
  expect(await cancelled(kept)).toBe(0);
});
