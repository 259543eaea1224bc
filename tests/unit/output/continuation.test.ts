import { describe, expect, it } from "vitest";
import type { Message, OutputFormat, Part } from "../../../src/domain/generation-spec.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { continuableText, continuationSpec, joinAtSeam } from "../../../src/output/continuation.ts";
import { collectEvents } from "../../support/collect-events.ts";
import { testSpec } from "../../support/provider-request.ts";

const finish: ProviderEvent = { type: "finish", reason: "stop", rawReason: "stop" };
const partEnd: ProviderEvent = { type: "part-end", partIndex: 0 };
const text = (value: string): ProviderEvent => ({ type: "text-delta", partIndex: 0, text: value });

const BEFORE = "The quick brown fox jumps over the lazy dog, and then ";

async function join(before: string, pieces: readonly string[], stops: readonly string[] = []) {
  async function* answer(): AsyncGenerator<ProviderEvent> {
    for (const piece of pieces) yield text(piece);
    yield partEnd;
    yield finish;
  }
  const { events, error } = await collectEvents(joinAtSeam(answer(), before, stops));
  const added = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  return { added, events, error };
}

/** The same text in pieces of so many characters. */
function cutInto(value: string, size: number): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < value.length; start += size) {
    pieces.push(value.slice(start, start + size));
  }
  return pieces;
}

describe("joinAtSeam", () => {
  const sizes = [1, 3, 10_000];

  it.each(sizes)("trims an echo of the whole output, in pieces of %i", async (size) => {
    const trimmed = `${BEFORE.trimEnd()} it sleeps.`;
    for (const answer of [`${BEFORE}it sleeps.`, trimmed]) {
      expect((await join(BEFORE, cutInto(answer, size))).added).toBe("it sleeps.");
    }
  });

  it.each(sizes)("trims an echo of the end, in pieces of %i", async (size) => {
    const echo = BEFORE.slice(-30);
    expect((await join(BEFORE, cutInto(`${echo}it sleeps.`, size))).added).toBe("it sleeps.");
  });

  it.each(sizes)("leaves a short repetition: it may be meant, in pieces of %i", async (size) => {
    const { added } = await join("ha ha ha", cutInto(" ha ha, he said", size));
    expect(added).toBe(" ha ha, he said");
  });

  it.each(sizes)("shows white space at the seam once, in pieces of %i", async (size) => {
    expect((await join("one \n", cutInto(" \ntwo", size))).added).toBe("two");
    expect((await join("one \n", cutInto("two", size))).added).toBe("two");
    expect((await join("one", cutInto(" two", size))).added).toBe(" two");
  });

  const long = Array.from({ length: 120 }, (_, n) => `word${n} `).join("");

  it.each(sizes)("ends at more than 200 repeated characters, in pieces of %i", async (size) => {
    const repeats = {
      "of the end": long.slice(-300),
      "of the middle": long.slice(100, 400),
      "of the beginning, then something else": `${long.slice(0, 300)} but no`,
      "of the end, then something new": `${long.slice(-300)}something new`,
    };
    for (const answer of Object.values(repeats)) {
      const { added, error } = await join(long, cutInto(answer, size));
      expect(error).toMatchObject({ kind: "protocol" });
      expect(added).toBe("");
    }
  });

  it.each(sizes)("stops where a stop sequence spans the seam, in pieces of %i", async (size) => {
    const { added, events } = await join("The end. ##", cutInto("# more text", size), ["###"]);
    expect(added).toBe("");
    expect(events.at(-1)).toEqual({ type: "finish", reason: "stop-sequence", rawReason: "" });
    const other = await join("The end. ##", cutInto("? more", size), ["###"]);
    expect(other.added).toBe("? more");
  });

  it("shows what was held back when the answer ends", async () => {
    const { added, events } = await join(BEFORE, ["The qu"]);
    expect(added).toBe("The qu");
    expect(events.at(-1)).toEqual(finish);
  });

  it("puts output that does not begin with text behind the part that broke off", async () => {
    async function* answer(): AsyncGenerator<ProviderEvent> {
      yield { type: "tool-call-delta", partIndex: 0, id: "c", name: "f", argumentsFragment: "{}" };
      yield { type: "part-end", partIndex: 0 };
      yield finish;
    }
    const { events } = await collectEvents(joinAtSeam(answer(), "text", []));
    expect(events).toMatchObject([
      { type: "part-end", partIndex: 0 },
      { type: "tool-call-delta", partIndex: 1 },
      { type: "part-end", partIndex: 1 },
      { type: "finish" },
    ]);
  });
});

describe("A-26: what can be continued", () => {
  const message = (...parts: Part[]): Message => ({ role: "assistant", parts });
  const said: Part = { type: "text", text: "Once upon" };
  const called: Part = { type: "tool-call", id: "c", name: "f", argumentsJson: "{" };
  const thought: Part = {
    type: "reasoning",
    text: "hm",
    signature: new Uint8Array(),
    redacted: false,
    provider: "test",
  };

  it("is text that broke off in its only part", () => {
    expect(continuableText(testSpec(), message(said))).toBe("Once upon");
  });

  it.each<[string, Message]>([
    ["nothing", message()],
    ["white space", message({ type: "text", text: " \n" })],
    ["text and a tool call", message(said, called)],
    ["a tool call", message(called)],
    ["reasoning", message(thought)],
    ["reasoning and text", message(thought, said)],
  ])("is not %s", (_name, output) => {
    expect(continuableText(testSpec(), output)).toBeUndefined();
  });

  it.each<OutputFormat>([
    { type: "json-object" },
    { type: "json-schema", name: "n", schema: "{}", description: "" },
  ])("is not output as $type", (outputFormat) => {
    expect(continuableText(testSpec({ outputFormat }), message(said))).toBeUndefined();
  });
});

describe("continuationSpec", () => {
  it("sends the text without white space at its end, and takes off what it cost", () => {
    const spec = testSpec({ sampling: { maxOutputTokens: 100 } });
    const next = continuationSpec(spec, "one \n", 40);
    expect(next?.messages.at(-1)).toEqual({
      role: "assistant",
      parts: [{ type: "text", text: "one" }],
    });
    expect(next?.sampling.maxOutputTokens).toBe(60);
    expect(continuationSpec(spec, "one", 100)).toBeUndefined();
    expect(continuationSpec(testSpec(), "one", 100)?.sampling.maxOutputTokens).toBeUndefined();
  });
});
