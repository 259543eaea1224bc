import type { JsonObject } from "../../domain/json.ts";
import type { StreamableRequest } from "../../ports/contract.ts";
import type { DoorRoute } from "../door.ts";
import type { DoorGenerations } from "../shared/generations.ts";
import { ChatStreamEncoder } from "./chat-stream-encoder.ts";
import { decodeRequest } from "./decode-request.ts";
import { encodeAnswer } from "./encode-answer.ts";

type Header = (name: string) => string | undefined;

/** The body has the fields of Responses, which one editor sends to this path for answers in this dialect. */
function isForeign(body: JsonObject): boolean {
  return body["messages"] === undefined && body["input"] !== undefined;
}

/** `decodeForeign` reads bodies of Responses. */
export function chatRoutes(
  generations: DoorGenerations,
  decodeForeign: (body: JsonObject, header: Header) => StreamableRequest,
): DoorRoute[] {
  return [
    {
      method: "POST",
      path: "/v1/chat/completions",
      operation: { name: "openai.v1/chat/completions", kind: "server-stream", audience: "callers" },
      async serve(call, body) {
        const decode = isForeign(body) ? decodeForeign : decodeRequest;
        const request = decode(body, call.header);
        if (!request.isStream) {
          return { type: "json", body: encodeAnswer(await generations.generate(call, request)) };
        }
        const encoder = new ChatStreamEncoder();
        const pieces = generations.stream(call, request, encoder);
        return { type: "events", pieces, fail: (error) => encoder.fail(error) };
      },
    },
  ];
}
