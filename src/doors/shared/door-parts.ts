import type { InputCount, InputCountCall } from "../../ports/gateway.ts";
import type { DoorGenerations } from "./generations.ts";
import type { ModelList } from "./models.ts";

/** What every vendor's API is made of. */
export interface DoorParts {
  readonly generations: DoorGenerations;
  readonly models: ModelList;
  readonly countInput: (call: InputCountCall) => Promise<InputCount>;
}
