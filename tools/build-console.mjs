// Builds the page of `/console` into console/dist. `--if-possible` is for npm's `prepare`: without the bundler, which
// `npm ci --omit=dev` and `--omit=optional` leave out, it says so and builds nothing.
import { existsSync } from "node:fs";
import { join } from "node:path";

const CONFIG = join(import.meta.dirname, "../console/vite.config.ts");
const INDEX = join(import.meta.dirname, "../console/dist/index.html");
const isOptional = process.argv.includes("--if-possible");

const vite = await import("vite").catch((error) => {
  if (!isOptional) throw error;
  return undefined;
});
if (vite === undefined) {
  const state = existsSync(INDEX) ? "is as it was" : "is not built; /console says how to build it";
  console.log(`console: the bundler is not installed, and console/dist ${state}`);
} else {
  await vite.build({ configFile: CONFIG, logLevel: "warn" });
  console.log("console: built into console/dist");
}
