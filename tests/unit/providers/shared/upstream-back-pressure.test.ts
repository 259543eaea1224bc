import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import { pushItemsTo } from "../../../../src/domain/push-iterable.ts";
import { createUpstream } from "../../../../src/providers/shared/upstream.ts";
import { startHttpUpstream } from "../../../support/http-upstream.ts";

const MIB = 1024 * 1024;

/** Lets the event loop turn, so that what is under way between two local sockets arrives. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

it("holds a fast server back while nobody reads, and while a reader is busy", async () => {
  let written = 0;
  await using server = await startHttpUpstream(({ response }) => {
    const block = Buffer.alloc(64 * 1024);
    const write = (): void => {
      do written += block.length;
      while (response.write(block) && written < 256 * MIB);
      response.once("drain", write);
    };
    write();
  });
  const stands = async (): Promise<void> => {
    for (let before = -1; before !== written; await turns(200)) before = written;
  };
  const upstream = createUpstream(server.baseUrl, systemClock);
  const response = await upstream.send(
    { path: "/v1/x", headers: {}, body: "{}", connectTimeoutMs: 5_000 },
    new AbortController().signal,
  );
  await stands();
  expect(written).toBeLessThan(32 * MIB);
  const unread = written;
  let taken = 0;
  const busy = Promise.withResolvers<void>();
  const read = pushItemsTo(response.body, (piece) => {
    taken += piece.length;
    // Nothing follows before the reader is done with the piece.
    return taken > unread ? undefined : busy.promise;
  });
  await stands();
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(MIB);
  expect(written).toBeLessThan(32 * MIB);
  busy.resolve();
  for (const before = written; written === before; ) await turns(1);
  response.close();
  await expect(read).rejects.toThrow();
});
