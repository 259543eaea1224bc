import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { JsonStreamMode, type StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { applyJson } from "../support/apply-json.ts";
import type { Stack } from "../support/stack.ts";
import {
  ask,
  CALM,
  outline,
  resetTargets,
  type SpecInit,
  script,
  startTargets,
  through,
} from "../support/targets.ts";

const { VALUES, PATCHES } = JsonStreamMode;
const TEXT = 'So: [{"name": "first one", "n": 1}, {"name": "second one", "n": 2}] That is all.';
const VALUE = [
  { name: "first one", n: 1 },
  { name: "second one", n: 2 },
];
const JSON_OBJECT: SpecInit = { outputFormat: { format: { case: "jsonObject", value: {} } } };

let stack: Stack;

beforeAll(async () => {
  stack = await startTargets(CALM);
});

beforeEach(() => resetTargets(stack));

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

function deltasOf(events: readonly StreamEvent[]) {
  return events.flatMap(({ event }) => (event.case === "jsonDelta" ? [event.value] : []));
}

/** The documents that a reader holds at the end, who obeys the notices. */
function documentsOf(events: readonly StreamEvent[]): unknown[] {
  const notice = events.findLastIndex(
    ({ event }) => event.case === "attemptNotice" && event.value.discardOutput,
  );
  return applyJson(
    deltasOf(events.slice(notice + 1)).map(({ documentIndex, pointer, change }) => ({
      documentIndex,
      pointer,
      ...(change.case === "append" && { append: change.value }),
      ...(change.case === "valueJson" && { valueJson: change.value }),
    })),
  );
}

describe("JSON deltas", () => {
  it("VALUES tells each element and the document, behind the text that ends them", async () => {
    const spec = through({ a: script({ text: TEXT }) }, JSON_OBJECT);
    const { events } = await ask(stack.client, "stream", spec, { stream: { jsonMode: VALUES } });
    expect(deltasOf(events).map(({ pointer, final }) => [pointer, final])).toEqual([
      ["/0", true],
      ["/1", true],
      ["", true],
    ]);
    expect(JSON.parse(String(deltasOf(events).at(-1)?.change.value))).toEqual(VALUE);
    const first = events.findIndex(({ event }) => event.case === "jsonDelta");
    expect(events[first - 1]?.event).toMatchObject({
      case: "textDelta",
      value: { text: expect.stringContaining("}") },
    });
  });

  it("PATCHES build the document, and omit_json_text leaves nothing else", async () => {
    const spec = through({ a: script({ text: TEXT }) }, JSON_OBJECT);
    const stream = { jsonMode: PATCHES, omitJsonText: true };
    const { events, generation } = await ask(stack.client, "stream", spec, { stream });
    expect(outline(events)).toEqual(["start", "jsonDelta", "partEnd", "complete"]);
    expect(deltasOf(events).some(({ change }) => change.case === "append")).toBe(true);
    expect(documentsOf(events)).toEqual([VALUE]);
    // Text outside of deltas stays.
    expect(generation?.outputText).toBe(TEXT);
  });

  it("a restart begins the documents anew", async () => {
    const scripts = { a: script({ text: TEXT }, { error_at: 5 }), b: script({ text: '{"a":1}' }) };
    const routing = { midStreamRecovery: MidStreamRecovery.RESTART };
    const spec = through(scripts, { ...JSON_OBJECT, routing, retry: { maxAttempts: 1 } });
    const { events } = await ask(stack.client, "stream", spec, { stream: { jsonMode: PATCHES } });
    expect(outline(events)).toContain("attemptNotice");
    expect(documentsOf(events)).toEqual([{ a: 1 }]);
  });

  it("a resumed stream has the same ones", async () => {
    const spec = through({ a: script({ text: TEXT }) }, JSON_OBJECT);
    const { events } = await ask(stack.client, "stream", spec, { stream: { jsonMode: PATCHES } });
    const [first] = events;
    const streamId = first?.event.case === "start" ? first.event.value.streamId : "";
    const again: StreamEvent[] = [];
    const cursor = { streamId, lastSequence: 1, lastWriter: first?.writer ?? 0 };
    const { resumeStream } = GenerationService.method;
    for await (const event of stack.client.stream(resumeStream, cursor)) again.push(event);
    expect(again).toEqual(events.slice(1));
  });

  it("need a JSON output format", async () => {
    const spec = through({ a: script({ text: TEXT }) });
    const answer = await ask(stack.client, "stream", spec, { stream: { jsonMode: VALUES } });
    expect(answer.code).toBe(3);
    expect(answer.message).toBe("options.json_mode: needs a JSON output format");
  });

  it("nothing of the handler is loaded where nobody asks for it", async () => {
    const source = (path: string): string =>
      JSON.stringify(join(import.meta.dirname, "../../src", path));
    const code = `
      import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
      await import(${source("service.ts")});
      const { openJsonStream } = await import(${source("output/open-json-stream.ts")});
      const count = () => loaded.filter((url) => /output\\/json(-stream|\\/)/.test(url)).length;
      await openJsonStream({ jsonMode: "off" });
      const before = count();
      await openJsonStream({ jsonMode: "values" });
      console.log(JSON.stringify([before, count() > 0]));
    `;
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--input-type=module",
      "-e",
      code,
    ]);
    expect(JSON.parse(stdout)).toEqual([0, true]);
  });
});
