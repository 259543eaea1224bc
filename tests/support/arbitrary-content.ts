// Contents of the domain as generators: each value is one that the contract carries as it is.
import fc from "fast-check";
import type { Message, Part } from "../../src/domain/generation-spec.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import type {
  Annotation,
  ProviderData,
  TokenLogprob,
  TopLogprob,
} from "../../src/domain/provider-data.ts";

/** A record with a generator for every field of its type; fields named `optional` are there or not. */
export function record<T>(
  fields: { readonly [P in keyof T]-?: fc.Arbitrary<T[P]> },
  ...optional: readonly (keyof T)[]
): fc.Arbitrary<T> {
  const requiredKeys = (Object.keys(fields) as (keyof T)[]).filter(
    (key) => !optional.includes(key),
  );
  const all = fields as { [P in keyof T]: fc.Arbitrary<T[P]> };
  return fc.record(all, { requiredKeys, noNullPrototype: true }) as unknown as fc.Arbitrary<T>;
}

export function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined });
}

export function few<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(value, { maxLength: 2 });
}

/** No lone surrogates: UTF-8 has none. */
export const text = fc.string({ unit: "binary", maxLength: 20 });
/**
 * A text that is told: "" stands for none. Vitest takes a member `constructor` for the class of its object, and finds two
 * equal objects different.
 */
export const word = fc
  .string({ unit: "binary", minLength: 1, maxLength: 20 })
  .filter((given) => given !== "constructor");
export const count = fc.oneof(fc.nat(300), fc.nat(2 ** 31 - 1));
/** Neither -0 nor a number that JSON does not have. */
export const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
/** Also in what JSON holds deeper. */
const isComparable = (json: unknown): boolean => !JSON.stringify(json).includes('"constructor":');

export const jsonObject = fc
  .dictionary(word, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3, noNullPrototype: true })
  .filter(isComparable) as fc.Arbitrary<JsonObject>;
/** With blanks that a parser would drop, and a number that a double would change. */
export const jsonText = jsonObject.map(
  (value) => `{ "n" : 12345678901234567890, "own" : ${JSON.stringify(value)} }`,
);

export const providerData = record<ProviderData>({
  providerType: word,
  json: jsonText,
  api: text,
});

const annotation = record<Annotation>(
  {
    uri: word,
    title: word,
    citedText: word,
    start: count,
    end: count,
    fileId: word,
    filename: word,
    firstPage: count,
    lastPage: count,
    providerData,
  },
  "uri",
  "title",
  "citedText",
  "start",
  "end",
  "fileId",
  "filename",
  "firstPage",
  "lastPage",
  "providerData",
);

const rawBytes = fc.uint8Array({ minLength: 1, maxLength: 8 });
const topLogprob = record<TopLogprob>({ token: text, logprob: double, rawBytes }, "rawBytes");
const tokenLogprob = record<TokenLogprob>(
  { token: text, logprob: double, rawBytes, top: fc.array(topLogprob, { maxLength: 2 }) },
  "rawBytes",
);
export const logprobs = fc.array(tokenLogprob, { minLength: 1, maxLength: 2 });

type Of<Type extends Part["type"]> = Omit<Extract<Part, { readonly type: Type }>, "cacheHint">;

export const textPart = record<Of<"text">>(
  {
    type: fc.constant("text"),
    text: word,
    annotations: fc.array(annotation, { minLength: 1, maxLength: 2 }),
    logprobs,
    providerData,
  },
  "annotations",
  "logprobs",
  "providerData",
);
export const refusalPart = record<Of<"refusal">>(
  { type: fc.constant("refusal"), text: word, providerData },
  "providerData",
);
export const toolCallPart = record<Of<"tool-call">>(
  {
    type: fc.constant("tool-call"),
    id: word,
    name: word,
    argumentsJson: fc.oneof(jsonText, text),
    providerData,
  },
  "providerData",
);
export const reasoningPart = record<Of<"reasoning">>(
  {
    type: fc.constant("reasoning"),
    text,
    signature: fc.uint8Array({ maxLength: 8 }),
    redacted: fc.boolean(),
    provider: text,
    providerData,
  },
  "providerData",
);
export const providerPart = providerData.map((data) => ({ type: "provider" as const, ...data }));

/** Every kind of part that an answer has. */
export const outputPart: fc.Arbitrary<Part> = fc.oneof(
  textPart,
  refusalPart,
  toolCallPart,
  reasoningPart,
  providerPart,
);
export const outputMessage = record<Message>(
  {
    role: fc.constant("assistant"),
    parts: fc.array(outputPart, { maxLength: 3 }),
    name: word,
    providerData,
  },
  "name",
  "providerData",
);
