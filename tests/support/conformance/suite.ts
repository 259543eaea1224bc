import { afterAll, beforeAll } from "vitest";
import { type ClockedStack, startClockedStack } from "../clocked-stack.ts";
import type { Adapter } from "../stack.ts";
import type { FaultRow, Mode, Spec } from "./faults.ts";
import { CLIENTS, type During, observe, type Seen } from "./observe.ts";

export const MODES: readonly Mode[] = ["unary", "stream"];

/** The stack of the tests of one file. */
export function useClockedStack(): () => ClockedStack {
  let stack: ClockedStack | undefined;
  beforeAll(async () => {
    stack = await startClockedStack();
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());
  return () => {
    if (stack === undefined) throw new Error("the stack has not started");
    return stack;
  };
}

/** Rows that apply to an adapter and a mode, for `it.each`. */
export function named(
  rows: readonly FaultRow[],
  adapter: Adapter,
  mode: Mode,
): readonly [string, FaultRow][] {
  return rows
    .filter(({ only, modes }) =>
      (only?.includes(adapter) ?? true) ? (modes ?? MODES).includes(mode) : false,
    )
    .map((row) => [row.name, row]);
}

/** The same call by each kind of client, on targets without history. */
export async function observeBoth(
  stack: ClockedStack,
  adapter: Adapter,
  mode: Mode,
  makeSpec: () => Spec | Promise<Spec>,
  during?: During,
): Promise<readonly [Seen, Seen]> {
  const seen: Seen[] = [];
  for (const client of CLIENTS) {
    await stack.reset(adapter);
    seen.push(await observe(stack, client, mode, await makeSpec(), during));
  }
  return seen as unknown as readonly [Seen, Seen];
}
