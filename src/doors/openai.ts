// OpenAI's API.
import { invalidField } from "../domain/gateway-error.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Door, DoorRoute } from "./door.ts";
import { chatRoutes } from "./openai-chat/routes.ts";
import { decodeRequest, type ResponsesRequest } from "./openai-responses/decode-request.ts";
import { type ResponsesParts, ResponsesRoutes } from "./openai-responses/routes.ts";
import type { Header } from "./shared/beta-option.ts";
import type { DoorParts } from "./shared/door-parts.ts";
import { type ModelList, modelNames, openAiModel } from "./shared/models.ts";
import { openAiRefusal } from "./shared/openai-error.ts";

function modelRoutes(models: ModelList): DoorRoute[] {
  return [
    {
      method: "GET",
      path: "/v1/models",
      operation: { name: "openai.v1/models", kind: "unary", audience: "callers" },
      async serve({ caller }) {
        const data = modelNames(models, caller.id).map(([name, model]) => openAiModel(name, model));
        return { type: "json", body: { object: "list", data } };
      },
    },
    {
      method: "GET",
      path: "/v1/models/{model}",
      operation: { name: "openai.v1/models/{model}", kind: "unary", audience: "callers" },
      async serve({ params, caller }) {
        const name = params["model"] ?? "";
        const model = models.lookup(name, caller.id);
        return { type: "json", body: openAiModel(name, model) };
      },
    },
  ];
}

/** Decodes a body of the Responses API at the path of Chat Completions. This path stores no response. */
function responsesAtChat(source: JsonObject, header: Header): ResponsesRequest {
  const request = decodeRequest({ ...source, store: false }, header, false);
  if (request.previousId === undefined) return request;
  throw invalidField("previous_response_id", "is served at /v1/responses");
}

/** Dependencies of OpenAI's API. */
export type OpenAiParts = DoorParts & ResponsesParts;

export function createOpenAiDoor(options: OpenAiParts): Door {
  return {
    name: "openai",
    routes: [
      ...chatRoutes(options.generations, responsesAtChat),
      ...new ResponsesRoutes(options).routes(),
      ...modelRoutes(options.models),
    ],
    isMeant: (header) => header("anthropic-version") === undefined,
    refuse: openAiRefusal,
  };
}
