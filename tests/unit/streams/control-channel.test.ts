import { describe, expect, it } from "vitest";
import {
  ControlChannel,
  type ControlMessage,
  decodeControl,
  encodeControl,
} from "../../../src/streams/control-channel.ts";
import { sharedStore } from "../../support/shared-store.ts";

const MESSAGES: readonly ControlMessage[] = [
  { type: "cancel", streamId: "s.1", note: "too dear" },
  { type: "reset-circuit", provider: "openai", model: "" },
  { type: "reset-circuit", provider: "openai", model: "", command: "c" },
  { type: "circuit", command: "c", provider: "openai", model: "m", forMs: 1_000 },
  { type: "circuit", command: "c", provider: "openai", model: "m", forMs: 0 },
  { type: "cooldown", provider: "openai", model: "gpt", forMs: 1_500 },
  { type: "watched", forMs: 10_000, calls: true },
];

const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe("control messages", () => {
  it.each(MESSAGES)("$type arrives as it was sent", (message) => {
    const envelope = { from: "session-a", message };
    expect(decodeControl(encodeControl(envelope))).toEqual(envelope);
  });

  it.each([
    ["no JSON", Buffer.from("{")],
    ["no text", Uint8Array.of(0xff, 0xfe)],
    ["nothing", new Uint8Array()],
    ["null", bytesOf(null)],
    ["a list", bytesOf([1])],
    ["a type of a newer version", bytesOf({ from: "a", type: "rebalance", provider: "x" })],
    ["no sender", bytesOf({ type: "cancel", streamId: "s.1", note: "" })],
    ["a stream that is no text", bytesOf({ from: "a", type: "cancel", streamId: 7, note: "" })],
    ["no provider", bytesOf({ from: "a", type: "reset-circuit", model: "" })],
    ["no duration", bytesOf({ from: "a", type: "cooldown", provider: "x", model: "y" })],
    ["a note that is no text", bytesOf({ from: "a", type: "cancel", streamId: "s.1", note: 7 })],
    ["a watch without an end", bytesOf({ from: "a", type: "watched", calls: true })],
    ["no note", bytesOf({ from: "a", type: "cancel", streamId: "s.1" })],
    ["no model", bytesOf({ from: "a", type: "reset-circuit", provider: "x" })],
    [
      "no name of a command",
      bytesOf({ from: "a", type: "reset-circuit", provider: "x", model: "", command: 1 }),
    ],
    [
      "a circuit of nobody",
      bytesOf({ from: "a", type: "circuit", provider: "x", model: "m", forMs: 1 }),
    ],
    [
      "a circuit in the past",
      bytesOf({ from: "a", type: "circuit", command: "c", provider: "x", model: "m", forMs: -1 }),
    ],
    ["a cooldown of no provider", bytesOf({ from: "a", type: "cooldown", model: "y", forMs: 1 })],
    ["a cooldown of no model", bytesOf({ from: "a", type: "cooldown", provider: "x", forMs: 1 })],
    [
      "a duration that is no number",
      bytesOf({ from: "a", type: "cooldown", provider: "x", model: "y", forMs: "1" }),
    ],
    [
      "a duration without an end",
      Buffer.from('{"from":"a","type":"cooldown","provider":"x","model":"y","forMs":1e999}'),
    ],
    [
      "a duration of nothing",
      bytesOf({ from: "a", type: "cooldown", provider: "x", model: "y", forMs: 0 }),
    ],
    [
      "a duration that has passed",
      bytesOf({ from: "a", type: "cooldown", provider: "x", model: "y", forMs: -1 }),
    ],
  ])("%s is ignored", (_name, bytes) => {
    expect(decodeControl(bytes)).toBeUndefined();
  });
});

describe("ControlChannel", () => {
  function channel(store = sharedStore(), session = "session-a", isDown = false) {
    const opened = new ControlChannel({ store, session, isStoreDown: () => isDown });
    const heard: ControlMessage[] = [];
    for (const type of new Set(MESSAGES.map((message) => message.type)))
      opened.on(type, (message: ControlMessage) => heard.push(message));
    return { opened, heard, store };
  }

  it("tells the others and not itself", async () => {
    const a = channel();
    const b = channel(a.store, "session-b");
    for (const message of MESSAGES) await a.opened.send(message);
    expect(b.heard).toEqual(MESSAGES);
    expect(a.heard).toEqual([]);
  });

  it("does not mind what it does not know", async () => {
    const { heard, store } = channel();
    await store.broadcast(Buffer.from("not for us"));
    expect(heard).toEqual([]);
  });

  it("says nothing to a store that is away, and survives one that fails", async () => {
    const failing = {
      ...sharedStore(),
      broadcast: () => Promise.reject(new Error("no connection")),
    };
    await channel(failing).opened.send({ type: "cancel", streamId: "s.1", note: "" });
    const away = channel(sharedStore(), "session-a", true);
    const other = channel(away.store, "session-b");
    await away.opened.send({ type: "cancel", streamId: "s.1", note: "" });
    expect(other.heard).toEqual([]);
  });
});
