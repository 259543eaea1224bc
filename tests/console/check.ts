import type { Visitor } from "./visitor.ts";
import type { World } from "./world.ts";

/** One look at the console in a browser. */
export interface Check {
  readonly name: string;
  /** Rejects with what is wrong. */
  readonly run: (world: World, visitor: Visitor) => Promise<void>;
}
