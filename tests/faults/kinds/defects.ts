// Requests that our own code cannot carry: they end themselves, and nothing else.
import type { Reading } from "../harness/consumer.ts";
import type { Hook } from "../harness/hooks.ts";
import type { Scene } from "../harness/scene.ts";
import type { Fault } from "./fault.ts";

/** Where a request does harm each time it gets there, behind some output of its provider. */
export const POISONS: readonly (Pick<Hook, "at" | "nth" | "action"> & {
  readonly name: string;
  /** Category of the typed end. */
  readonly reason: string;
})[] = [
  {
    name: "a delta cannot be encoded",
    at: "encode.delta",
    nth: 3,
    action: "throw",
    reason: "INTERNAL",
  },
  {
    name: "its end cannot be encoded",
    at: "encode.end",
    nth: 1,
    action: "throw",
    reason: "INTERNAL",
  },
  {
    name: "its events cannot be stored",
    at: "append.before",
    nth: 3,
    action: "throw",
    reason: "OWNER_LOST",
  },
  { name: "its replica dies", at: "append.before", nth: 3, action: "kill", reason: "OWNER_LOST" },
];

/** One call causes so many runs: the first, and `stream.max_takeovers` more. */
export const MAX_CALLS = 3;

/** Each replica is armed against the request, also when it comes back. */
export async function poisoned(
  scene: Scene,
  poison: Pick<Hook, "at" | "nth" | "action">,
): Promise<Reading[]> {
  const { at, nth, action } = poison;
  const arm = (rid: string): Promise<unknown> =>
    Promise.all(
      scene.cluster.replicas.map(({ process }, index) => {
        const id = `${rid}-${at}-${index}`;
        return process.arm({ id, request: rid, at, nth, action, isLasting: true });
      }),
    );
  return await scene.stream({ owner: 0, tokens: 60, paceMs: 40, prepare: arm }).done;
}

export const poisonedCode: Fault = {
  id: "F27",
  title: "requests that our own code cannot carry",
  async run(scene) {
    for (const poison of POISONS) {
      if (poison.action === "kill") continue;
      scene.injected++;
      const [reading] = await poisoned(scene, poison);
      const calls = (await scene.cluster.provider.figures()).callsOf[reading?.rid ?? ""] ?? 0;
      const ended = `${poison.name}: ${reading?.outcome} ${reading?.reason} after ${calls} calls`;
      scene.expect(calls >= 1 && calls <= MAX_CALLS, ended);
      scene.expect(reading?.outcome === "error" && reading.reason === poison.reason, ended);
    }
  },
};
