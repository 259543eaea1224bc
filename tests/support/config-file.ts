import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { ConfigError } from "../../src/config/sources.ts";
import * as registry from "../../src/providers/registry.ts";
import { requireReasons } from "./explained-settings.ts";

/** Has the prototype of ordinary objects, whose members are not provider types. */
const types = { ...registry };

export type Environment = Readonly<Record<string, string>>;

/** The configuration from an environment alone. */
export function fromEnvironment(environment: Environment): Config {
  return loadConfig(types, environment);
}

/** The configuration of a file with this text. */
export function fromFile(yaml: string, environment: Environment = {}): Config {
  const folder = mkdtempSync(join(tmpdir(), "steer-config-"));
  const file = join(folder, "steer.yaml");
  try {
    // A file without settings is not empty.
    writeFileSync(file, yaml || "{}\n");
    return loadConfig(types, { STEER_CONFIG: file, ...environment });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same for a service that a test starts: each setting that differs from the shipped default needs a reason. */
export function fromExplainedFile(yaml: string, environment: Environment): Config {
  requireReasons(yaml, environment);
  return fromFile(yaml, environment);
}

/** The error for a refused file, without the name of its folder. */
export function mistakeOf(yaml: string, environment: Environment = {}): string {
  try {
    fromFile(yaml, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replace(/^\S*(?=steer\.yaml)/, "");
    throw error;
  }
  return "no mistake";
}
