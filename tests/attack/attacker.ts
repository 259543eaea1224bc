// `node attacker.ts NAME JSON`: makes one attack. Says `{"ready":true}` when all is prepared, begins
// at the first byte of its input, and says what it saw when it is over.
import { once } from "node:events";
import { ATTACKS } from "./all.ts";
import { AttackRun, type Length, type Target } from "./attack.ts";

export interface Order {
  readonly target: Target;
  readonly seconds: number;
  readonly length: Length;
}

const [, , name, order = "{}"] = process.argv;
const attack = ATTACKS.find((one) => one.name === name);
if (attack === undefined) throw new Error(`no attack ${name}`);
const { target, seconds, length } = JSON.parse(order) as Order;
// A connection that the gateway ends in the middle of a write is what many attacks are about.
process.on("uncaughtException", (error) => {
  if (!("code" in error)) throw error;
});
process.on("unhandledRejection", (error) => {
  throw error;
});
const assault = attack.prepare(target);
process.stdout.write('{"ready":true}\n');
await once(process.stdin, "data");
const run = new AttackRun(target, seconds, length);
await assault(run);
process.stdout.write(`${JSON.stringify(run.tally)}\n`, () => process.exit(0));
