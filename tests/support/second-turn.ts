// A conversation of two turns: the first answer is sent back as history.
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { MessageSchema, Role } from "../../gen/es/steer/v1/content_pb.js";
import type { AdapterStack, Server } from "./adapter-stack.ts";
import type { Mode } from "./conformance/faults.ts";
import type { Answer, CallEnd } from "./field-stack.ts";

const user = (text: string) => ({
  role: Role.USER,
  parts: [{ data: { case: "text" as const, value: { text } } }],
});

export interface SecondTurn {
  /** Answers of the turn. */
  readonly answer: Answer;
  /** Messages after the first answer; default: a user's "go on". */
  readonly next?: readonly object[];
  readonly spec?: object;
}

/**
 * Sends the message of an answer back unchanged, through JSON, and returns the request that the server received.
 */
export async function secondTurn(
  stack: AdapterStack,
  mode: Mode,
  server: Server,
  { generation }: CallEnd,
  { answer, next = [user("go on")], spec = {} }: SecondTurn,
): Promise<{ readonly end: CallEnd; readonly sent: Record<string, JsonValue> }> {
  if (generation?.message === undefined) throw new Error("the first turn has no message");
  // The form in which callers store a message in a database.
  const kept = JSON.stringify(toJson(MessageSchema, generation.message));
  const message = fromJson(MessageSchema, JSON.parse(kept));
  const messages = [user("q"), message, ...next];
  const end = await stack.call(mode, server, answer, { messages, ...spec });
  return { end, sent: stack.sent(server) };
}
