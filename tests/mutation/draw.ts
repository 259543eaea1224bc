import { Dice } from "../simulation/scheduler.ts";

/** `count` of them in an order that follows from the seed: a longer draw begins with a shorter one. */
export function draw<T>(from: readonly T[], count: number, seed: number): T[] {
  const dice = new Dice(seed);
  const left = [...from];
  const drawn: T[] = [];
  while (drawn.length < count && left.length > 0) {
    const index = dice.whole(0, left.length - 1);
    const [one] = left.splice(index, 1);
    if (one !== undefined) drawn.push(one);
  }
  return drawn;
}
