import { readFileSync } from "node:fs";
import { join } from "node:path";

/** How a service is started by its users. */
export interface ShippedStart {
  readonly env: Readonly<Record<string, string>>;
  /** Node's arguments; the last one is the program. */
  readonly args: readonly string[];
}

/** The variables and the arguments of Node by which `npm start` of a checkout starts the service. */
export function shippedStart(checkout: string): ShippedStart {
  const { scripts } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as {
    scripts: { start: string };
  };
  const words = scripts.start.split(" ");
  const node = words.indexOf("node");
  const env = Object.fromEntries(words.slice(0, node).map((word) => word.split("=")));
  return { env, args: [...words.slice(node + 1, -1), join(checkout, words.at(-1) ?? "")] };
}
