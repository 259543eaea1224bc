// OpenAI's API.
import type { Door, DoorRoute } from "./door.ts";
import { chatRoutes } from "./openai-chat/routes.ts";
import { ResponsesRoutes } from "./openai-responses/routes.ts";
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

export function createOpenAiDoor(options: DoorParts): Door {
  return {
    name: "openai",
    routes: [
      ...chatRoutes(options.generations),
      ...new ResponsesRoutes(options).routes(),
      ...modelRoutes(options.models),
    ],
    isMeant: (header) => header("anthropic-version") === undefined,
    refuse: openAiRefusal,
  };
}
