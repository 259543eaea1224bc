// OpenAI's API.
import { GatewayError } from "../domain/gateway-error.ts";
import type { Door, DoorRoute } from "./door.ts";
import { decodeRequest } from "./openai-chat/decode-request.ts";
import { encodeAnswer } from "./openai-chat/encode-answer.ts";
import { ChatStreamEncoder } from "./openai-chat/encode-stream.ts";
import type { DoorGenerations } from "./shared/generations.ts";
import { type ModelList, modelNames, openAiModel } from "./shared/models.ts";
import { openAiRefusal } from "./shared/openai-error.ts";

function chatRoute(generations: DoorGenerations): DoorRoute {
  return {
    method: "POST",
    path: "/v1/chat/completions",
    operation: { name: "openai.v1/chat/completions", kind: "server-stream", audience: "callers" },
    async serve(call) {
      const request = decodeRequest(call.body);
      if (!request.isStream) {
        return { type: "json", body: encodeAnswer(await generations.generate(call, request)) };
      }
      const encoder = new ChatStreamEncoder();
      const pieces = generations.stream(call, request, encoder);
      return { type: "events", pieces, fail: (error) => encoder.fail(error) };
    },
  };
}

function modelRoutes(models: ModelList): DoorRoute[] {
  return [
    {
      method: "GET",
      path: "/v1/models",
      operation: { name: "openai.v1/models", kind: "unary", audience: "callers" },
      async serve() {
        const data = modelNames(models).map(([name, model]) => openAiModel(name, model));
        return { type: "json", body: { object: "list", data } };
      },
    },
    {
      method: "GET",
      path: "/v1/models/{model}",
      operation: { name: "openai.v1/models/{model}", kind: "unary", audience: "callers" },
      async serve({ params }) {
        const name = params["model"] ?? "";
        const model = models.lookup(name);
        if (model === undefined) throw new GatewayError("not-found", "no such model");
        return { type: "json", body: openAiModel(name, model) };
      },
    },
  ];
}

export function createOpenAiDoor(generations: DoorGenerations, models: ModelList): Door {
  return {
    name: "openai",
    routes: [chatRoute(generations), ...modelRoutes(models)],
    isMeant: (header) => header("anthropic-version") === undefined,
    refuse: openAiRefusal,
  };
}
