import { expect, it } from "vitest";
import type { Tool } from "../../../src/domain/generation-spec.ts";
import type { Model } from "../../../src/domain/model.ts";
import { streamsUpstream } from "../../../src/gateway/streams-upstream.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";

const own: Tool = { type: "function", name: "f", description: "", parametersJsonSchema: "{}" };
const vendors: Tool = { type: "provider", provider: "test", config: {} };
const whole = testModel({ capabilities: new Set(["generate"]) });

/** A unary call; where another target is left unless the case says otherwise. */
function streams(
  model: Partial<Model>,
  { options = {}, tools = [] as readonly Tool[], isStream = false, hasNext = true } = {},
): boolean {
  const target = { model: testModel(model), spec: testSpec({ tools }), options };
  return streamsUpstream(target, isStream, hasNext);
}

it.each<[string, boolean, boolean]>([
  ["of a stream", streams(whole, { isStream: true }), true],
  [
    "a stream where whole answers are wanted",
    streams({ unaryUpstream: "whole" }, { isStream: true }),
    true,
  ],
  ["a unary call while another target is left", streams({}), true],
  ["a unary call at the last target", streams({}, { hasNext: false }), false],
  ["a unary call with a tool of the caller's", streams({}, { tools: [own] }), true],
  ["a unary call with a tool of the vendor's", streams({}, { tools: [own, vendors] }), false],
  ["a unary call with a field of the vendor's", streams({}, { options: { audio: {} } }), false],
  ["a unary call at a model that cannot stream", streams(whole), false],
  ["the same where a stream is wanted", streams({ ...whole, unaryUpstream: "stream" }), false],
  ["a unary call where whole answers are wanted", streams({ unaryUpstream: "whole" }), false],
  [
    "a unary call where streams are wanted, whatever else it asks for",
    streams({ unaryUpstream: "stream" }, { options: { audio: {} }, hasNext: false }),
    true,
  ],
])("%s", (_name, asked, expected) => {
  expect(asked).toBe(expected);
});
