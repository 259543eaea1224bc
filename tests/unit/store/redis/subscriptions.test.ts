import { describe, expect, it } from "vitest";
import type { RedisConnection } from "../../../../src/store/redis/connection.ts";
import { RedisSubscriptions } from "../../../../src/store/redis/subscriptions.ts";
import { StoreUnavailable } from "../../../../src/store/store-unavailable.ts";
import { packEvents } from "../../../../src/streams/packed-events.ts";
import { channelOf } from "../../../../src/streams/redis/stream-keys.ts";
import { decodeMessage } from "../../../../src/streams/redis/stream-records.ts";
import type { Batch } from "../../../../src/streams/stream-record.ts";
import { batchOf, readable } from "../../../support/stored-streams.ts";

const CHANNEL = "{steer}:s:s.1:ch";
const away = new StoreUnavailable("not-applied", "the store is away");
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A connection that answers when it is told to, and what it was asked. */
function connected() {
  const asked: string[] = [];
  const receivers = new Map<string, Set<(message: Buffer) => void>>();
  const answers: PromiseWithResolvers<void>[] = [];
  const ask = (what: string): Promise<void> => {
    asked.push(what);
    const answer = Promise.withResolvers<void>();
    answers.push(answer);
    return answer.promise;
  };
  const connection: RedisConnection = {
    send: async () => null,
    subscribe(channel, receive) {
      receivers.set(channel, (receivers.get(channel) ?? new Set()).add(receive));
      return ask(`subscribe ${channel}`);
    },
    unsubscribe(channel, receive) {
      receivers.get(channel)?.delete(receive);
      return ask(`unsubscribe ${channel}`);
    },
    close() {},
  };
  const publish = ({ first, last, writer, events }: Batch): void => {
    const head = Buffer.from(`${first} ${last} ${writer}\n`);
    const message = Buffer.concat([head, packEvents(events)]);
    for (const receive of receivers.get(CHANNEL) ?? []) receive(message);
  };
  return {
    asked,
    answers,
    publish,
    subscriptions: new RedisSubscriptions({ connection, channelOf, decode: decodeMessage }),
  };
}

function listen(set: ReturnType<typeof connected>) {
  const heard: Batch[] = [];
  const adding = set.subscriptions.add("s.1", (batch) => void heard.push(batch));
  return { heard, adding };
}

describe("the channel of a stream", () => {
  it("is opened once, however many listen, and each of them hears of each batch", async () => {
    const set = connected();
    expect(set.subscriptions.has("s.1")).toBe(false);
    const [one, other] = [listen(set), listen(set)];
    expect([set.subscriptions.has("s.1"), set.asked]).toEqual([true, [`subscribe ${CHANNEL}`]]);
    set.answers[0]?.resolve();
    await Promise.all([one.adding, other.adding]);
    set.publish(batchOf(2, 4, 7));
    for (const { heard } of [one, other]) {
      expect(readable(heard)).toEqual(readable([batchOf(2, 4, 7)]));
    }
  });

  it("is there for a listener when Redis has confirmed it, also for one that comes meanwhile", async () => {
    const set = connected();
    const ready: string[] = [];
    void listen(set).adding.then(() => ready.push("one"));
    void listen(set).adding.then(() => ready.push("other"));
    await settle();
    expect(ready).toEqual([]);
    set.answers[0]?.resolve();
    await settle();
    expect(ready).toEqual(["one", "other"]);
  });

  it("is closed with its last listener, who waits for that", async () => {
    const set = connected();
    const [one, other] = [listen(set), listen(set)];
    set.answers[0]?.resolve();
    const [leave, leaveLast] = await Promise.all([one.adding, other.adding]);
    await leave();
    set.publish(batchOf(2, 2, 7));
    expect([one.heard.length, other.heard.length]).toEqual([0, 1]);
    expect(set.asked).toHaveLength(1);
    let hasLeft = false;
    const leaving = leaveLast().then(() => {
      hasLeft = true;
    });
    await settle();
    expect(set.asked).toEqual([`subscribe ${CHANNEL}`, `unsubscribe ${CHANNEL}`]);
    expect([set.subscriptions.has("s.1"), hasLeft]).toEqual([false, false]);
    // A connection that is lost has taken the subscription with it.
    set.answers[1]?.reject(away);
    await leaving;
    set.publish(batchOf(3, 3, 7));
    expect(other.heard).toHaveLength(1);
  });

  it("is opened anew for who comes later, whom a late farewell does not touch", async () => {
    const set = connected();
    const first = listen(set);
    set.answers[0]?.resolve();
    const leave = await first.adding;
    void leave();
    const next = listen(set);
    set.answers[1]?.resolve();
    set.answers[2]?.resolve();
    await next.adding;
    await leave();
    expect(set.asked).toEqual([
      `subscribe ${CHANNEL}`,
      `unsubscribe ${CHANNEL}`,
      `subscribe ${CHANNEL}`,
    ]);
    set.publish(batchOf(2, 2, 7));
    expect([first.heard.length, next.heard.length]).toEqual([0, 1]);
    expect(set.subscriptions.has("s.1")).toBe(true);
  });

  it("is given up where Redis does not confirm it", async () => {
    const set = connected();
    const { adding } = listen(set);
    set.answers[0]?.reject(away);
    await settle();
    set.answers[1]?.resolve();
    await expect(adding).rejects.toBe(away);
    expect(set.subscriptions.has("s.1")).toBe(false);
    expect(set.asked).toEqual([`subscribe ${CHANNEL}`, `unsubscribe ${CHANNEL}`]);
  });
});
