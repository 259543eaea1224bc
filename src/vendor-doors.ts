// The APIs of vendors that the service has.
import type { Clock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { createAnthropicDoor } from "./doors/anthropic.ts";
import type { Door } from "./doors/door.ts";
import { createOpenAiDoor } from "./doors/openai.ts";
import type { DoorParts } from "./doors/shared/door-parts.ts";
import { DoorGenerations, type DoorGenerationsOptions } from "./doors/shared/generations.ts";
import { KeptRequests } from "./doors/shared/kept-requests.ts";
import {
  anthropicLimitHeaders,
  type LimitHeaders,
  openAiLimitHeaders,
} from "./doors/shared/limit-headers.ts";
import type { Gateway } from "./ports/gateway.ts";
import { createContract } from "./rpc/contract.ts";

export interface VendorDoorsOptions
  extends Pick<DoorParts, "countInput" | "models">,
    Pick<DoorGenerationsOptions, "passOf"> {
  readonly gateway: Gateway;
  readonly clock: Clock;
  /** Most bytes of a request. */
  readonly requestBytes: number;
  readonly settings: Config["doors"];
}

/** The doors that are switched on. */
export function createVendorDoors(options: VendorDoorsOptions): Door[] {
  const { gateway, clock, countInput, models, requestBytes, passOf } = options;
  const { openai, anthropic, ...settings } = options.settings;
  const contract = createContract();
  const kept = new KeptRequests({ gateway, contract, maxBytes: requestBytes });
  const partsWith = (limitHeaders: LimitHeaders): DoorParts => ({
    countInput,
    models,
    generations: new DoorGenerations({ gateway, contract, clock, limitHeaders, passOf }),
  });
  return [
    ...(openai ? [createOpenAiDoor({ ...partsWith(openAiLimitHeaders), kept, settings })] : []),
    ...(anthropic ? [createAnthropicDoor(partsWith(anthropicLimitHeaders))] : []),
  ];
}
