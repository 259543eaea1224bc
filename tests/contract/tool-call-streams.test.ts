import type { ServerResponse } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { MessageAssembler } from "../../src/output/message-assembler.ts";
import type { Provider, ProviderType } from "../../src/providers/provider.ts";
import { anthropic, openai } from "../../src/providers/registry.ts";
import { CALL_STYLES, type Call, interleaved, pieces } from "../support/call-styles.ts";
import { collectEvents } from "../support/collect-events.ts";
import { type HttpUpstream, startHttpUpstream } from "../support/http-upstream.ts";
import { testInstance, testModel, testRequest } from "../support/provider-request.ts";
import {
  chatDeltas,
  messagesEvents,
  type NamedEvent,
  namedEvents,
} from "../support/wire-answers.ts";

// Whatever a vendor's stream interleaves, repeats, leaves out and splits: the calls are those that
// the model made.

/** JSON objects as models write them. */
const args = fc
  .tuple(
    fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
    fc.constantFrom(undefined, 1, "\t"),
  )
  .map(([value, indent]) => JSON.stringify(value, null, indent));

const calls = fc
  .array(fc.tuple(fc.constantFrom("f", "g", "weather"), args), { minLength: 1, maxLength: 4 })
  .map((all) => all.map(([name, text], index): Call => ({ id: `id_${index}`, name, args: text })));

/** Positions at which something is cut, and choices of what comes next. */
const cuts = fc.array(fc.nat({ max: 1_000 }), { maxLength: 6 });
const turns = fc.infiniteStream(fc.nat({ max: 1_000 }));

let upstream: HttpUpstream;
let answer: (response: ServerResponse) => void = () => {};

beforeAll(async () => {
  upstream = await startHttpUpstream(({ response }) => answer(response));
});

afterAll(() => upstream[Symbol.asyncDispose]());

/** What an adapter makes of a stream whose bytes come in these pieces. */
async function read(provider: Provider, dialect: string, body: string, at: readonly number[]) {
  const bytes = Buffer.from(body);
  const ends = [...new Set(at.map((cut) => (cut * 7) % bytes.length))].sort((a, b) => a - b);
  answer = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.socket?.setNoDelay(true);
    for (const [index, end] of [...ends, bytes.length].entries()) {
      response.write(bytes.subarray(ends[index - 1] ?? 0, end));
    }
    response.end();
  };
  const request = testRequest({ model: testModel({ dialect }), stream: true });
  const { events, error } = await collectEvents(
    provider.generate(request, new AbortController().signal),
  );
  expect(error).toBeUndefined();
  const assembler = new MessageAssembler("test");
  for (const event of events) assembler.observe(event);
  const { parts } = assembler.message();
  const ids = parts.flatMap((part) => (part.type === "tool-call" ? [part.id] : []));
  expect(new Set(ids).size).toBe(ids.length);
  return parts.map((part) => {
    if (part.type === "tool-call") return `${part.name} ${part.argumentsJson}`;
    return part.type === "text" ? `text ${part.text}` : part.type;
  });
}

async function create(type: ProviderType): Promise<Provider> {
  const instance = testInstance({ baseUrl: upstream.baseUrl });
  return type.create(instance, { clock: systemClock, allowFaults: false });
}

const inShort = ({ name, args: text }: Call): string => `${name} ${text}`;

/** Objects stand in the stream as the model wrote them. */
function withObjects(body: string, all: readonly Call[]): string {
  return body.replace(/"RAW(\d+)WAR"/g, (_match, index) =>
    // A data line has no line breaks.
    (all[Number(index)]?.args ?? "").replaceAll("\n", " "),
  );
}

describe("calls of a Chat stream", () => {
  it.each(Object.entries(CALL_STYLES))("told by %s", async (name, style) => {
    const provider = await create(openai);
    await fc.assert(
      fc.asyncProperty(calls, cuts, turns, cuts, async (all, at, choices, bytes) => {
        const deltas = style(all, at, choices).map((fragments) => ({ tool_calls: fragments }));
        const body = withObjects(String(chatDeltas(deltas, "tool_calls").body), all);
        const expected =
          name === "objects in place of text"
            ? all.map((call) => inShort({ ...call, args: call.args.replaceAll("\n", " ") }))
            : all.map(inShort);
        const parts = await read(provider, "chat", body, bytes);
        // Calls that are interleaved come in the order of their beginnings.
        expect(parts.toSorted()).toEqual(expected.toSorted());
      }),
      { numRuns: 60 },
    );
    await provider.close();
  });
});

/** A call, or a text in its place. */
const blocks = fc.array(
  fc.oneof(
    fc.record({ name: fc.constantFrom("f", "g"), args }),
    fc.record({ text: fc.string({ maxLength: 20 }) }),
  ),
  { minLength: 1, maxLength: 4 },
);

describe("blocks of a Messages stream", () => {
  it("come in the order of their indexes", async () => {
    const provider = await create(anthropic);
    await fc.assert(
      fc.asyncProperty(
        blocks,
        cuts,
        turns,
        cuts,
        fc.record({ stops: fc.boolean(), isOneId: fc.boolean() }),
        async (all, at, choices, bytes, { stops, isOneId }) => {
          const events = all.map((block, index) => {
            const start = (content: object): NamedEvent => ({
              type: "content_block_start",
              index,
              content_block: content,
            });
            const piece = (delta: object): NamedEvent => ({
              type: "content_block_delta",
              index,
              delta,
            });
            const isText = "text" in block;
            return [
              start(
                isText
                  ? { type: "text", text: "" }
                  : {
                      type: "tool_use",
                      id: isOneId ? "id_one" : `id_${index}`,
                      name: block.name,
                      input: {},
                    },
              ),
              ...pieces(isText ? block.text : block.args, at).map((text) =>
                piece(
                  isText
                    ? { type: "text_delta", text }
                    : { type: "input_json_delta", partial_json: text },
                ),
              ),
              ...(stops ? [{ type: "content_block_stop", index }] : []),
            ];
          });
          // Blocks begin in order, whatever comes between.
          const rest = events.map((own) => own.slice(1));
          const starts = events.map(([first]) => first as NamedEvent);
          const mixed = interleaved(
            rest.map((own, index) => (index === 0 ? own : [starts[index] as NamedEvent, ...own])),
            choices,
          );
          const ordered = [starts[0] as NamedEvent, ...mixed].sort((a, b) => rank(a) - rank(b));
          function rank(event: NamedEvent): number {
            return event.type === "content_block_start" ? Number(event["index"]) - all.length : 0;
          }
          const body = String(messagesEvents(ordered, "tool_use").body);
          const expected = all.flatMap((block) => {
            if (!("text" in block)) return [`${block.name} ${block.args}`];
            return block.text === "" ? [] : [`text ${block.text.toWellFormed()}`];
          });
          expect(await read(provider, "messages", body, bytes)).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
    await provider.close();
  });
});

describe("items of a Responses stream", () => {
  it("are those of the model, whatever is left out, repeated or told by another position", async () => {
    const provider = await create(openai);
    await fc.assert(
      fc.asyncProperty(
        calls,
        cuts,
        turns,
        cuts,
        fc.record({
          added: fc.boolean(),
          deltas: fc.boolean(),
          argsDone: fc.boolean(),
          itemDone: fc.boolean(),
          output: fc.constantFrom("all", "none", "reversed"),
          ids: fc.constantFrom("own", "none", "one for all"),
          callIds: fc.constantFrom("own", "one for all"),
          positions: fc.boolean(),
        }),
        async (
          all,
          at,
          choices,
          bytes,
          { added, deltas, argsDone, itemDone, output, ...names },
        ) => {
          // Without a position, an item with the names of another is told apart by its end.
          fc.pre(names.positions || names.ids === "own" || itemDone);
          // Without a beginning, the end has the name of the call.
          fc.pre(
            added ||
              (itemDone && names.positions && (names.ids === "own" || !(deltas || argsDone))),
          );
          // In another order, items are told apart by a name.
          fc.pre(output !== "reversed" || names.ids === "own" || names.callIds === "own");
          const idOf = (index: number) => (names.ids === "own" ? `fc_${index}` : "fc_one");
          const position = (index: number) => names.positions && { output_index: index };
          const item = (call: Call, index: number, text: string) => ({
            type: "function_call",
            ...(names.ids !== "none" && { id: idOf(index) }),
            call_id: names.callIds === "own" ? call.id : "call_one",
            name: call.name,
            arguments: text,
          });
          const isTold = deltas || argsDone || itemDone;
          const events = all.map((call, index): NamedEvent[] => {
            const named = names.ids !== "none" && { item_id: idOf(index) };
            const place = { ...position(index), ...named };
            return [
              ...(added
                ? [
                    {
                      type: "response.output_item.added",
                      ...position(index),
                      item: item(call, index, ""),
                    },
                  ]
                : []),
              ...(deltas
                ? pieces(call.args, at).map((delta) => ({
                    type: "response.function_call_arguments.delta",
                    ...place,
                    delta,
                  }))
                : []),
              ...(argsDone
                ? [
                    {
                      type: "response.function_call_arguments.done",
                      ...place,
                      arguments: call.args,
                    },
                  ]
                : []),
              ...(itemDone
                ? [
                    {
                      type: "response.output_item.done",
                      ...position(index),
                      item: item(call, index, call.args),
                    },
                  ]
                : []),
            ];
          });
          const isTellable = names.positions || names.ids === "own";
          const items = all.map((call, index) => item(call, index, call.args));
          const final = { all: items, none: isTold ? [] : items, reversed: items.toReversed() }[
            output
          ];
          const body = namedEvents([
            ...(isTellable ? interleaved(events, choices) : events.flat()),
            {
              type: "response.completed",
              response: { id: "resp_1", status: "completed", model: "r", output: final },
            },
          ]).body;
          const parts = await read(provider, "responses", String(body), bytes);
          expect(parts.toSorted()).toEqual(all.map(inShort).toSorted());
        },
      ),
      { numRuns: 300 },
    );
    await provider.close();
  });
});
