import type { Capability, ModelRecord, Parameter } from "../../domain/model.ts";
import { CHAT_PARAMETERS } from "../shared/openai-parameters.ts";

type Compatible = Omit<ModelRecord, "capabilities" | "parameters" | "limits"> & {
  /** Capabilities beside text, streams and tools. */
  readonly can?: readonly Capability[];
  /** Parameters of the dialect that this model does not support. */
  readonly without?: readonly Parameter[];
};

/** A record of a model with the capabilities and parameters of its server. */
export function modelRecord({ can = [], without = [], ...rest }: Compatible): ModelRecord {
  return {
    ...rest,
    capabilities: ["generate", "stream", "tools", "parallel-tools", ...can],
    parameters: CHAT_PARAMETERS.filter((parameter) => !without.includes(parameter)),
  };
}
