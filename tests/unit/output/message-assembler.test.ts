import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { MessageAssembler } from "../../../src/output/message-assembler.ts";

type Whole = { readonly type: "text" | "reasoning" | "refusal" | "tool"; readonly text: string };

/** Events of whole parts, each cut at the given share of its length. */
function eventsOf(
  parts: readonly Whole[],
  cut: (text: string) => readonly string[],
): ProviderEvent[] {
  return parts.flatMap(({ type, text }, partIndex): ProviderEvent[] =>
    cut(text).map((piece, index): ProviderEvent => {
      if (type !== "tool") return { type: `${type}-delta`, partIndex, text: piece };
      const head = index === 0 ? { id: "c", name: "f" } : {};
      return { type: "tool-call-delta", partIndex, ...head, argumentsFragment: piece };
    }),
  );
}

function messageOf(events: readonly ProviderEvent[]) {
  const assembler = new MessageAssembler("here");
  for (const event of events) assembler.observe(event);
  return { message: assembler.message(), text: assembler.outputText() };
}

describe("MessageAssembler", () => {
  it("gives the same message however the parts were cut", () => {
    const part = fc.record({
      type: fc.constantFrom("text", "reasoning", "refusal", "tool" as const),
      text: fc.string({ minLength: 1, unit: "grapheme" }),
    }) as fc.Arbitrary<Whole>;
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 6 }),
        fc.integer({ min: 1, max: 5 }),
        (parts, size) => {
          const whole = messageOf(eventsOf(parts, (text) => [text]));
          const cut = messageOf(
            eventsOf(parts, (text) => text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [text]),
          );
          expect(cut).toEqual(whole);
          const texts = parts.filter(({ type }) => type === "text").map(({ text }) => text);
          expect(whole.text).toBe(texts.join(""));
          expect(whole.message.parts).toHaveLength(parts.length);
        },
      ),
    );
  });

  it("takes the finished part where the provider gives one", () => {
    const part = {
      type: "reasoning",
      text: "Hm.",
      signature: new Uint8Array([1]),
      redacted: false,
      provider: "here",
    } as const;
    const { message } = messageOf([
      { type: "reasoning-delta", partIndex: 0, text: "Hm." },
      { type: "part-end", partIndex: 0, part },
    ]);
    expect(message.parts).toEqual([part]);
  });

  it("counts the code points of the text as it comes, pairs that are cut in two once", () => {
    const text = "café 🚀 and 東京 🌊🌊";
    for (let size = 1; size <= 5; size++) {
      const assembler = new MessageAssembler("p");
      for (let at = 0; at < text.length; at += size) {
        const piece = text.slice(at, at + size);
        assembler.observe({ type: "text-delta", partIndex: 0, text: piece });
        assembler.observe({ type: "reasoning-delta", partIndex: 1, text: "not counted" });
      }
      expect(assembler.outputCodePoints()).toBe(Array.from(text).length);
    }
  });
});
