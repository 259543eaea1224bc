import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { CollectedOutput } from "../../../clients/typescript/collected-output.ts";
import { MessageSchema, type PartSchema, Role } from "../../../gen/es/steer/v1/content_pb.js";
import { type PartEndSchema, StreamEventSchema } from "../../../gen/es/steer/v1/stream_pb.js";

type Event = NonNullable<MessageInitShape<typeof StreamEventSchema>["event"]>;
type PartInit = MessageInitShape<typeof PartSchema>;

const data = (json: string) => ({ providerType: "openai", api: "responses", json });
const token = (word: string) => ({ token: word, logprob: -0.5 });
const piece = (word: string): Event => ({
  case: "textDelta",
  value: { partIndex: 1, text: word, logprobs: [token(word)] },
});
const ended = (value: MessageInitShape<typeof PartEndSchema>): Event => ({
  case: "partEnd",
  value,
});
const cited = (words: string, logprobs: ReturnType<typeof token>[] = []): PartInit => ({
  data: {
    case: "text",
    value: {
      text: words,
      annotations: [{ uri: "https://example.com", providerData: data('{"n":1}') }],
      logprobs,
    },
  },
});
const search: PartInit = {
  data: { case: "providerPart", value: data('{"type":"web_search_call"}') },
};

it.each([
  ["whole", { partIndex: 1, part: cited("It is.") }],
  ["without its text", { partIndex: 1, remainder: cited("") }],
])("what a provider adds is part of the message, where a text ends %s", (_, last) => {
  const events: Event[] = [
    piece("void"),
    { case: "attemptNotice", value: { discardOutput: true } },
    ended({ partIndex: 0, part: search }),
    piece("It "),
    piece("is."),
    ended(last),
    { case: "complete", value: { messageOmitted: true, providerData: data('{"id":"m"}') } },
  ];
  const output = new CollectedOutput();
  for (const [index, event] of events.entries()) {
    output.take(create(StreamEventSchema, { sequence: index + 1, event }));
  }
  expect(output.generation().message).toEqual(
    create(MessageSchema, {
      role: Role.ASSISTANT,
      parts: [search, cited("It is.", [token("It "), token("is.")])],
      providerData: data('{"id":"m"}'),
    }),
  );
});
