import type { InputCount, InputCountCall } from "../../ports/gateway.ts";
import type { DoorGenerations } from "./generations.ts";
import type { ModelList } from "./models.ts";

/** Dependencies of every vendor's API. */
export interface DoorParts {
  readonly generations: DoorGenerations;
  readonly models: ModelList;
  readonly countInput: (call: InputCountCall) => Promise<InputCount>;
}
