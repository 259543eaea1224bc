import { either, type Server } from "./adapter-stack.ts";
import type { Answer } from "./field-stack.ts";
import {
  chatStream,
  chatWhole,
  messagesStream,
  messagesWhole,
  responsesStream,
  responsesWhole,
} from "./wire-answers.ts";

const chat = either(chatWhole({ content: "ok" }), chatStream({ content: "ok" }));
const message = {
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text: "ok" }],
};

/** The word "ok" from each server, whole or as a stream. */
export const OK_ANSWERS: Readonly<Record<Server, Answer>> = {
  chat,
  oai: chat,
  grok: chat,
  ant: either(messagesWhole([{ type: "text", text: "ok" }]), messagesStream("ok")),
  resp: either(responsesWhole([message]), responsesStream([message])),
};
