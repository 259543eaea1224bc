// Anthropic's API.
import { GatewayError } from "../domain/gateway-error.ts";
import { decodeRequest } from "./anthropic-messages/decode-request.ts";
import { encodeAnswer } from "./anthropic-messages/encode-answer.ts";
import { MessagesStreamEncoder } from "./anthropic-messages/messages-stream-encoder.ts";
import type { Door, DoorCall, DoorRoute } from "./door.ts";
import { anthropicRefusal } from "./shared/anthropic-error.ts";
import type { DoorParts } from "./shared/door-parts.ts";
import type { DoorGenerations } from "./shared/generations.ts";
import { anthropicModel, type ModelList, modelNames } from "./shared/models.ts";

const DEFAULT_PAGE = 20;
const MAX_PAGE = 1_000;

function messagesRoute(generations: DoorGenerations): DoorRoute {
  return {
    method: "POST",
    path: "/v1/messages",
    operation: { name: "anthropic.v1/messages", kind: "server-stream", audience: "callers" },
    async serve(call, body) {
      const request = decodeRequest(body, call.header);
      if (!request.isStream) {
        return { type: "json", body: encodeAnswer(await generations.generate(call, request)) };
      }
      const encoder = new MessagesStreamEncoder(call.requestId);
      const pieces = generations.stream(call, request, encoder);
      return { type: "events", pieces, fail: (error) => encoder.fail(error) };
    },
  };
}

function countRoute({ generations, countInput }: DoorParts): DoorRoute {
  return {
    method: "POST",
    path: "/v1/messages/count_tokens",
    operation: { name: "anthropic.v1/messages/count_tokens", kind: "unary", audience: "callers" },
    async serve(call, given) {
      // A count generates nothing, so its body has no `max_tokens`.
      const body = { max_tokens: 1, ...given };
      const { spec } = generations.accept(call, decodeRequest(body, call.header));
      const { caller, signal, timeoutMs, telemetry } = call;
      const asked = { spec, caller: caller.id, signal, timeoutMs, telemetry };
      const { tokens } = await countInput({ ...asked, method: "any" });
      return { type: "json", body: { input_tokens: tokens } };
    },
  };
}

/** A page of model names after `after_id` or before `before_id`. */
function page(names: readonly string[], query: URLSearchParams) {
  const limit = Number(query.get("limit") ?? DEFAULT_PAGE);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    throw new GatewayError("validation", `limit: must be a whole number from 1 to ${MAX_PAGE}`);
  }
  const after = query.get("after_id");
  const before = query.get("before_id");
  const end = before === null ? names.length : names.indexOf(before);
  const start = before !== null ? Math.max(0, end - limit) : names.indexOf(after ?? "") + 1;
  const stop = before !== null ? end : Math.min(start + limit, names.length);
  const hasMore = before !== null ? start > 0 : stop < names.length;
  return { ids: names.slice(start, Math.max(start, stop)), hasMore };
}

function modelRoutes(models: ModelList): DoorRoute[] {
  const listed = ({ caller, query }: DoorCall) => {
    const named = new Map(modelNames(models, caller.id));
    const { ids, hasMore } = page([...named.keys()], query);
    const data = ids.flatMap((id) => {
      const model = named.get(id);
      return model === undefined ? [] : [anthropicModel(id, model)];
    });
    return { data, has_more: hasMore, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null };
  };
  return [
    {
      method: "GET",
      path: "/v1/models",
      operation: { name: "anthropic.v1/models", kind: "unary", audience: "callers" },
      serve: async (call) => ({ type: "json", body: listed(call) }),
    },
    {
      method: "GET",
      path: "/v1/models/{model}",
      operation: { name: "anthropic.v1/models/{model}", kind: "unary", audience: "callers" },
      async serve({ params, caller }) {
        const name = params["model"] ?? "";
        const model = models.lookup(name, caller.id);
        return { type: "json", body: anthropicModel(name, model) };
      },
    },
  ];
}

export function createAnthropicDoor(options: DoorParts): Door {
  return {
    name: "anthropic",
    routes: [
      messagesRoute(options.generations),
      countRoute(options),
      ...modelRoutes(options.models),
    ],
    isMeant: (header) => header("anthropic-version") !== undefined,
    refuse: anthropicRefusal,
  };
}
