// Names of replicas. The workers of one command have its name, their position, and for a replacement its number.

const SEPARATOR = ".";

/** `life` counts the processes of a position, from 1: each is a replica of its own. */
export function workerName(command: string, position: number, life: number): string {
  const name = `${command}${SEPARATOR}${position}`;
  return life === 1 ? name : `${name}${SEPARATOR}${life}`;
}

/** The name of the worker's command; undefined: the replica is a command of its own. */
export function commandOf(replica: string): string | undefined {
  const end = replica.indexOf(SEPARATOR);
  return end < 0 ? undefined : replica.slice(0, end);
}

/** Whether both are workers of one command. */
export function areSiblings(one: string, other: string): boolean {
  const command = commandOf(one);
  return command !== undefined && one !== other && command === commandOf(other);
}
