// Names of replicas. The workers of one command have its name and their position.

const SEPARATOR = ".";

export function workerName(command: string, index: number): string {
  return `${command}${SEPARATOR}${index}`;
}

/** The name of the worker's command; undefined: the replica is a command of its own. */
export function commandOf(replica: string): string | undefined {
  const end = replica.lastIndexOf(SEPARATOR);
  return end < 0 ? undefined : replica.slice(0, end);
}

/** Whether both are workers of one command. */
export function areSiblings(one: string, other: string): boolean {
  const command = commandOf(one);
  return command !== undefined && one !== other && command === commandOf(other);
}
