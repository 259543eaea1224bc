import type { Command, CommandContext } from "./command.ts";
import { UsageError } from "./usage-error.ts";

export type Action = Command["run"];

/** Runs the action that the first argument names. */
export async function runAction(
  actions: Readonly<Record<string, Action>>,
  [name = "", ...args]: readonly string[],
  context: CommandContext,
): Promise<void> {
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) {
    const words = Object.keys(actions).join(", ");
    throw new UsageError(name === "" ? `one of ${words}` : `no "${name}": one of ${words}`);
  }
  await action(args, context);
}
