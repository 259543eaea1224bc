// Checks that every value of an answer reaches the caller.
import type { JsonValue } from "../../src/domain/json.ts";
import { MessagesReader } from "../../src/providers/anthropic/events.ts";
import type { AnswerReader } from "../../src/providers/shared/answer-reader.ts";
import { createCallIds } from "../../src/providers/shared/call-id.ts";
import { ChatReader } from "../../src/providers/shared/chat-reader.ts";
import { readChatUsage } from "../../src/providers/shared/chat-usage.ts";
import { ResponsesReader } from "../../src/providers/shared/responses-reader.ts";
import { chatReader as grokReader } from "../../src/providers/xai/events.ts";
import { createManualClock } from "./manual-clock.ts";
import { createTestGateway } from "./test-gateway.ts";

const clock = createManualClock();
const newCallId = createCallIds(clock);
const toError = (payload: unknown): Error => new Error(`an error: ${JSON.stringify(payload)}`);

/** A reader of answers for each dialect of a type. */
export const READERS: Readonly<Record<string, () => AnswerReader>> = {
  "openai/chat": () =>
    new ChatReader({ readUsage: readChatUsage, toError, newCallId, providerType: "openai" }),
  "xai/chat": () => grokReader({ headers: {} } as never, clock),
  "openai/responses": () => new ResponsesReader({ toError, newCallId, providerType: "openai" }),
  "anthropic/messages": () => new MessagesReader({ toError, newCallId }),
};

export interface Leaf {
  readonly path: string;
  readonly value: string | number | true;
}

/** Values that carry information. */
export function leavesOf(value: JsonValue, path = ""): Leaf[] {
  if (value === null || value === false || value === "" || value === 0) return [];
  if (typeof value !== "object") return [{ path, value }];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, inner]) => leavesOf(inner, `${path}/${key}`));
}

/** Decodes texts and bytes inside values, so that a search finds JSON of a provider in them. */
function spread(value: unknown): string {
  if (value instanceof Uint8Array) return spread(Buffer.from(value).toString("utf8"));
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") {
    if (!value.startsWith("{")) return value;
    try {
      return `${value}\n${spread(JSON.parse(value))}`;
    } catch {
      return value;
    }
  }
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([key, inner]) => `${key}\n${spread(inner)}`)
    .join("\n");
}

/** The result for the caller, as one text. */
export async function resultOf(events: AnswerReader["events"]): Promise<string> {
  const { gateway, call } = createTestGateway(events);
  const whole = await gateway.generate(call);
  if (whole.state !== "generated") throw new Error(`it ended as ${whole.state}`);
  const { timing: _, attempts: __, ...result } = whole.generation;
  return `\n${spread(result)}\n`;
}

/** Values that are missing in a result. */
export function lostOf(leaves: readonly Leaf[], result: string): readonly Leaf[] {
  return leaves.filter(({ value }) => {
    // A text can be joined with others, and arguments are JSON text.
    const text = String(value);
    return !result.includes(text) && !result.includes(JSON.stringify(text).slice(1, -1));
  });
}
