// Builds the page of `/console` into console/dist. `--if-possible` is for npm's `prepare`: without the bundler, which
// `npm ci --omit=dev` leaves out, it says so and builds nothing.
import { existsSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const isOptional = process.argv.includes("--if-possible");

if (isOptional && !existsSync(join(ROOT, "node_modules/vite/package.json"))) {
  console.log("console: not built, because vite is not installed; `/console` says how to build it");
} else {
  const { build } = await import("vite");
  const configFile = join(ROOT, "console/vite.config.ts");
  await build({ configFile, logLevel: "warn" });
  console.log("console: built into console/dist");
}
