// The way of a door's request to a target, without the network: the contract's rules, the fit, and the adapter's body.
import type { JsonObject } from "../../../src/domain/json.ts";
import type { Model } from "../../../src/domain/model.ts";
import type { Warning } from "../../../src/domain/warning.ts";
import type { RequestOfApi } from "../../../src/ports/contract.ts";
import type { ProviderRequest } from "../../../src/providers/provider.ts";
import { Router } from "../../../src/routing/router.ts";
import { createContract } from "../../../src/rpc/contract.ts";
import { testModel, testRequest } from "../provider-request.ts";

const contract = createContract();

const PARAMETERS = [
  "sampling.max_output_tokens",
  "sampling.temperature",
  "sampling.top_p",
  "sampling.top_k",
  "sampling.frequency_penalty",
  "sampling.presence_penalty",
  "sampling.seed",
  "sampling.stop_sequences",
  "sampling.logprobs",
  "reasoning.effort",
  "reasoning.budget_tokens",
  "reasoning.include_text",
  "tool_choice.parallel",
  "messages.name",
  "end_user_id",
] as const;

/** A model that takes everything unless `more` says otherwise. Its type is none of the vendor's own. */
export function ableModel(dialect: string, more: Partial<Model>): Model {
  return testModel({
    id: "m",
    providerModel: "m",
    providerType: "of-another",
    dialect,
    parameters: new Set(PARAMETERS),
    capabilities: new Set([
      "generate",
      "stream",
      "tools",
      "image-input",
      "file-input",
      "json-object",
      "json-schema",
      "reasoning",
    ]),
    efforts: ["none", "minimal", "low", "medium", "high"],
    ...more,
  });
}

type Encode = (request: ProviderRequest, onIgnored: (name: string) => void) => string;

/** What a target is sent, with the warnings of the fit and the names of options that were not taken. */
export interface Sent {
  readonly body: JsonObject;
  readonly warnings: readonly Warning[];
  readonly ignored: readonly string[];
}

/** Sends a request of a door to a target. Throws `GatewayError` if the contract or the target refuses it. */
export function sendTo(request: RequestOfApi, target: Model, encode: Encode): Sent {
  const { spec } = contract.accept(request, undefined);
  const router = new Router({
    lookup: () => [target],
    unavailable: () => undefined,
    unsupported: () => undefined,
    providers: [],
    inputTokens: () => 1,
    latencyMs: () => undefined,
  });
  const [routed] = router.route(spec).targets;
  const ignored: string[] = [];
  const asked = testRequest({ ...routed, model: target } as Partial<ProviderRequest>);
  const body = JSON.parse(encode(asked, (name) => ignored.push(name))) as JsonObject;
  return { body, warnings: routed?.warnings ?? [], ignored };
}
