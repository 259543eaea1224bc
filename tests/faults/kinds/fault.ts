import type { Scene } from "../harness/scene.ts";

/** One row of the table of faults. */
export interface Fault {
  /** Its number in the table. */
  readonly id: string;
  readonly title: string;
  /** Injects it and heals what it broke; the streams may still run afterwards. */
  run(scene: Scene): Promise<void>;
}
