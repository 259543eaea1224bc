// The input of a stored response is listed as the caller has sent it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import { decodeInput } from "../../../src/doors/openai-responses/decode-input.ts";
import { encodeInput } from "../../../src/doors/openai-responses/encode-input.ts";
import { itemPage } from "../../../src/doors/openai-responses/item-page.ts";
import { Fields } from "../../../src/doors/shared/fields.ts";

const text = fc.string({ minLength: 1, maxLength: 8 });
const dataUrl = fc
  .uint8Array({ minLength: 1, maxLength: 6 })
  .map((bytes) => `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`);
const address = fc.constantFrom("https://example.com/a.png", "https://example.com/b");
const detail = fc.constantFrom("auto", "low", "high");

const content = fc.oneof(
  fc.record({ type: fc.constant("input_text"), text }),
  fc.record({ type: fc.constant("input_image"), detail, image_url: fc.oneof(dataUrl, address) }),
  fc.record({ type: fc.constant("input_image"), detail, file_id: text }),
  fc.record({ type: fc.constant("input_file"), file_url: address }),
  fc.record({ type: fc.constant("input_file"), file_id: text }),
  fc.record({ type: fc.constant("input_file"), filename: text, file_data: dataUrl }),
  fc.record({ type: fc.constant("input_audio"), data: text }),
);
const said = fc.oneof(
  fc.record({
    type: fc.constant("output_text"),
    text,
    annotations: fc.constant([]),
    logprobs: fc.constant([]),
  }),
  fc.record({ type: fc.constant("refusal"), refusal: text }),
);

function message(role: string, parts: fc.Arbitrary<object>): fc.Arbitrary<object> {
  return fc.record({
    type: fc.constant("message"),
    role: fc.constant(role),
    content: fc.array(parts, { minLength: 1, maxLength: 3 }),
  });
}

const item = fc.oneof(
  message("user", content),
  message("system", fc.record({ type: fc.constant("input_text"), text })),
  message("assistant", said),
  fc.record({ type: fc.constant("function_call"), call_id: text, name: text, arguments: text }),
  fc.record({
    type: fc.constant("function_call_output"),
    call_id: text,
    output: fc.oneof(text, fc.array(content, { minLength: 2, maxLength: 3 })),
  }),
  fc.record({
    type: fc.constant("reasoning"),
    summary: fc.array(fc.record({ type: fc.constant("summary_text"), text }), { maxLength: 1 }),
    encrypted_content: text,
  }),
  fc.record({ type: fc.constant("web_search_call"), action: fc.constant({ query: "x" }) }),
  fc.record({ type: fc.constant("computer_call_output"), call_id: text }),
);
const items = fc.array(item, { minLength: 1, maxLength: 6 });

const decoded = (input: unknown) => decodeInput(new Fields({ input } as JsonObject));
const without = ({ id: _, status: __, ...rest }: JsonObject): JsonObject => rest;
/** Neighbours of the assistant's are one message: their texts stand in one item. */
const isJoined = (all: readonly object[]): boolean =>
  all.some((each, index) => {
    const next = all[index + 1] as JsonObject | undefined;
    return (each as JsonObject)["role"] === "assistant" && next?.["role"] === "assistant";
  });

describe("input items", () => {
  it("are those that were sent", () => {
    fc.assert(
      fc.property(
        items.filter((all) => !isJoined(all)),
        (all) => {
          const listed = encodeInput(decoded(all), "seed");
          expect(listed.map(without)).toEqual(all);
        },
      ),
    );
  });

  it("mean the same when they are sent again", () => {
    fc.assert(
      fc.property(items, (all) => {
        const messages = decoded(all);
        expect(decoded(encodeInput(messages, "seed").map(without))).toEqual(messages);
      }),
    );
  });

  it("have names that nothing else has, the same at each call", () => {
    fc.assert(
      fc.property(items, (all) => {
        const names = encodeInput(decoded(all), "seed").map(({ id }) => id);
        expect(new Set(names).size).toBe(names.length);
        expect(encodeInput(decoded(all), "seed").map(({ id }) => id)).toEqual(names);
      }),
    );
  });

  it("come in pages that are all of them, each once and in order", () => {
    const listed = Array.from({ length: 23 }, (_, index) => ({ id: `i${index}` }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.boolean(), (limit, isAscending) => {
        const read: unknown[] = [];
        let after = "";
        for (let page: JsonObject = { has_more: true }; page["has_more"] === true; ) {
          const order = isAscending ? "asc" : "desc";
          page = itemPage(listed, new URLSearchParams({ limit: String(limit), order, after }));
          read.push(...(page["data"] as unknown[]));
          after = String(page["last_id"]);
        }
        expect(read).toEqual(isAscending ? listed : listed.toReversed());
      }),
    );
  });
});
