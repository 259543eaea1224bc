import { create } from "@bufbuild/protobuf";
import {
  GetModelResponseSchema,
  ListModelsResponseSchema,
  type Model,
  ModelCapability,
  ModelSchema,
  ModelService,
  PricingSchema,
} from "../../gen/service/steer/v1/model_service_pb.ts";
import { invalidField } from "../domain/gateway-error.ts";
import type * as domain from "../domain/model.ts";
import { type Handlers, type ServedService, serve } from "./handlers.ts";

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 500;

const CAPABILITIES: Readonly<Record<domain.Capability, ModelCapability>> = {
  generate: ModelCapability.GENERATE,
  stream: ModelCapability.STREAM,
  "image-input": ModelCapability.IMAGE_INPUT,
  "file-input": ModelCapability.FILE_INPUT,
  tools: ModelCapability.TOOLS,
  "parallel-tools": ModelCapability.PARALLEL_TOOLS,
  "json-object": ModelCapability.JSON_OBJECT,
  "json-schema": ModelCapability.JSON_SCHEMA,
  reasoning: ModelCapability.REASONING,
  "prompt-cache": ModelCapability.PROMPT_CACHE,
  continuation: ModelCapability.CONTINUATION,
  "count-tokens": ModelCapability.COUNT_TOKENS,
};

export interface ModelServiceDependencies {
  /** All models that the caller may use, in a stable order. */
  readonly list: (caller: string) => readonly domain.Model[];
  /** The first offer of a name that the caller may use. Throws NOT_FOUND with similar names, or PERMISSION_DENIED. */
  readonly lookup: (name: string, caller: string) => domain.Model;
  /** Whether the instance of the model can be called. */
  readonly isAvailable: (model: domain.Model) => boolean;
}

function encodePricing(pricing: domain.Pricing) {
  const optional = (prices: Partial<domain.TokenPrices>) => ({
    ...(prices.cacheReadPicos !== undefined && { cacheReadPicos: BigInt(prices.cacheReadPicos) }),
    ...(prices.cacheWritePicos !== undefined && {
      cacheWritePicos: BigInt(prices.cacheWritePicos),
    }),
    ...(prices.cacheWriteLongPicos !== undefined && {
      cacheWriteLongPicos: BigInt(prices.cacheWriteLongPicos),
    }),
  });
  return create(PricingSchema, {
    currencyCode: pricing.currency,
    inputPicos: BigInt(pricing.inputPicos),
    outputPicos: BigInt(pricing.outputPicos),
    priceTableVersion: pricing.date,
    ...optional(pricing),
    tiers: pricing.tiers.map((tier) => ({
      aboveInputTokens: tier.aboveInputTokens,
      ...(tier.inputPicos !== undefined && { inputPicos: BigInt(tier.inputPicos) }),
      ...(tier.outputPicos !== undefined && { outputPicos: BigInt(tier.outputPicos) }),
      ...optional(tier),
    })),
  });
}

function encodeModel(model: domain.Model, available: boolean): Model {
  const { deterministic, stopSequences, ...sampling } = model.defaultSampling;
  return create(ModelSchema, {
    id: model.id,
    provider: model.provider,
    providerModel: model.providerModel,
    aliases: [...model.aliases],
    displayName: model.displayName,
    contextWindow: model.contextWindow ?? 0,
    maxOutputTokens: model.maxOutputTokens ?? 0,
    capabilities: Array.from(model.capabilities, (capability) => CAPABILITIES[capability]),
    supportedParameters: [...model.parameters],
    available,
    deprecated: model.deprecated,
    defaultSampling: { ...sampling, stopSequences: [...(stopSequences ?? [])] },
    ...(model.pricing !== undefined && { pricing: encodePricing(model.pricing) }),
  });
}

/** A page token is the index of the page's first model. */
function decodePageToken(token: string): number {
  if (token === "") return 0;
  const position = /^m(\d{1,9})$/.exec(token)?.[1];
  if (position === undefined) {
    throw invalidField("page_token", "not a token of this list; start again without one");
  }
  return Number(position);
}

export function createModelService(dependencies: ModelServiceDependencies): ServedService {
  const { list, lookup, isAvailable } = dependencies;
  const handlers: Handlers<typeof ModelService> = {
    async listModels(request, { caller }) {
      const size = Math.min(request.pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
      const start = decodePageToken(request.pageToken);
      const wanted = list(caller.id).filter(
        (model) =>
          (request.provider === "" || model.provider === request.provider) &&
          (!request.availableOnly || isAvailable(model)) &&
          request.capabilities.every((capability) =>
            Array.from(model.capabilities, (own) => CAPABILITIES[own]).includes(capability),
          ),
      );
      const end = start + size;
      return create(ListModelsResponseSchema, {
        models: wanted.slice(start, end).map((model) => encodeModel(model, isAvailable(model))),
        nextPageToken: end < wanted.length ? `m${end}` : "",
      });
    },

    async getModel(request, { caller }) {
      const model = lookup(request.model, caller.id);
      return create(GetModelResponseSchema, { model: encodeModel(model, isAvailable(model)) });
    },
  };
  return serve(ModelService, handlers);
}
