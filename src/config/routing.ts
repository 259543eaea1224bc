import type { MidStreamRecovery } from "../domain/generation-spec.ts";
import { oneOf, type Reader } from "./readers.ts";
import { object } from "./sections.ts";

const words = oneOf("fail", "restart", "continue");

/** The words of the contract, in any case. */
const recovery: Reader<MidStreamRecovery> = (value, path) =>
  words(typeof value === "string" ? value.toLowerCase() : value, path);

/** The section `routing` of the file. */
export const routingFields = object({ mid_stream_recovery: recovery });

export interface RoutingSettings {
  /** Recovery of streams whose request accepts discards and names no recovery. */
  readonly midStreamRecovery: MidStreamRecovery;
}

const DEFAULTS: RoutingSettings = { midStreamRecovery: "fail" };

/** The settings of the section `routing`, with defaults for missing keys. */
export function routingSettings(given: ReturnType<typeof routingFields> = {}): RoutingSettings {
  return { ...DEFAULTS, ...given };
}
