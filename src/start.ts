import { loadConfig, loadConfigText } from "./config/load-config.ts";
import * as providerTypes from "./providers/registry.ts";

/** The configuration and the text of its file; undefined: it has a mistake, which has been told. */
function readConfig() {
  try {
    const text = loadConfigText();
    return { text, config: loadConfig(providerTypes, undefined, text) };
  } catch (error) {
    process.stderr.write(`steer: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return undefined;
  }
}

/** Runs the service in this process, or in several workers. The primary of workers does not load the service. */
export async function start(): Promise<void> {
  const read = readConfig();
  if (read === undefined) return;
  const { config, text } = read;
  if (config.workers > 1) return (await import("./run-primary.ts")).runPrimary(config, text);
  await (await import("./run.ts")).run(undefined, config);
}
