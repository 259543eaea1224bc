// Conversations of the domain as generators: each is one that `decodeMessages` accepts.
import fc from "fast-check";
import type { MediaSource, Message, Part, Role } from "../../src/domain/generation-spec.ts";
import {
  few,
  providerData,
  providerPart,
  reasoningPart,
  record,
  refusalPart,
  text,
  textPart,
  toolCallPart,
  word,
} from "./arbitrary-content.ts";

const source: fc.Arbitrary<MediaSource> = fc.oneof(
  record<Extract<MediaSource, { type: "inline" }>>({
    type: fc.constant("inline"),
    data: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    mediaType: text,
  }),
  record<Extract<MediaSource, { type: "uri" }>>({
    type: fc.constant("uri"),
    uri: text,
    mediaType: text,
  }),
  record<Extract<MediaSource, { type: "provider-file" }>>({
    type: fc.constant("provider-file"),
    fileId: text,
    provider: text,
    mediaType: text,
  }),
);

type Of<Type extends Part["type"]> = Omit<Extract<Part, { readonly type: Type }>, "cacheHint">;

const imagePart = record<Of<"image">>(
  {
    type: fc.constant("image"),
    source,
    detail: fc.constantFrom("auto", "low", "high"),
    providerData,
  },
  "detail",
  "providerData",
);
const filePart = record<Of<"file">>(
  { type: fc.constant("file"), source, filename: text, providerData },
  "providerData",
);

/** The part, with a mark of the end of a reusable prefix or without. */
function hinted(part: fc.Arbitrary<Part>): fc.Arbitrary<Part> {
  const hint = fc.option(text, { nil: undefined });
  return fc
    .tuple(part, hint)
    .map(([of, ttl]) => (ttl === undefined ? of : { ...of, cacheHint: { ttl } }));
}

const media = [textPart, imagePart, filePart, providerPart] as const;

/** A result for one of these calls. */
function toolResultPart(calls: readonly string[]): fc.Arbitrary<Part> {
  return record<Of<"tool-result">>(
    {
      type: fc.constant("tool-result"),
      toolCallId: fc.constantFrom(...calls),
      name: text,
      content: few(hinted(fc.oneof(...media))),
      isError: fc.boolean(),
      providerData,
    },
    "providerData",
  );
}

function messageBy(role: Role, part: fc.Arbitrary<Part>): fc.Arbitrary<Message> {
  return record<Message>(
    {
      role: fc.constant(role),
      parts: fc.array(hinted(part), { minLength: 1, maxLength: 3 }),
      name: word,
      providerData,
    },
    "name",
    "providerData",
  );
}

const question = fc.oneof(
  messageBy("system", textPart),
  messageBy("user", fc.oneof(...media)),
  messageBy("assistant", fc.oneof(...media, toolCallPart, reasoningPart, refusalPart)),
);

/** At least one message of a user, then others, and results for the calls in them. */
export const messages: fc.Arbitrary<readonly Message[]> = fc
  .tuple(messageBy("user", fc.oneof(...media)), few(question))
  .chain(([first, others]) => {
    const before = [first, ...others];
    const calls = before.flatMap(({ parts }) =>
      parts.flatMap((part) => (part.type === "tool-call" ? part.id : [])),
    );
    if (calls.length === 0) return fc.constant(before);
    return few(messageBy("tool", fc.oneof(toolResultPart(calls), providerPart))).map((results) => [
      ...before,
      ...results,
    ]);
  });
