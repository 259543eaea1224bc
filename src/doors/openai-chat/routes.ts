import type { DoorRoute } from "../door.ts";
import type { DoorGenerations } from "../shared/generations.ts";
import { ChatStreamEncoder } from "./chat-stream-encoder.ts";
import { decodeRequest } from "./decode-request.ts";
import { encodeAnswer } from "./encode-answer.ts";

export function chatRoutes(generations: DoorGenerations): DoorRoute[] {
  return [
    {
      method: "POST",
      path: "/v1/chat/completions",
      operation: { name: "openai.v1/chat/completions", kind: "server-stream", audience: "callers" },
      async serve(call, body) {
        const request = decodeRequest(body);
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
