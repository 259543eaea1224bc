import { didYouMean } from "../domain/near-names.ts";
import { FILE_VARIABLE, JSON_VARIABLE } from "./price-overrides.ts";
import { ConfigError, type Environment } from "./sources.ts";
import { METRICS_VARIABLE } from "./telemetry.ts";

/** Variables of clients, examples and pages, which are often set beside the service's own. */
const CLIENT_VARIABLES = ["STEER_API_KEY", "STEER_ADDRESS", "STEER_MODEL", "STEER_REPO"] as const;

/** Names that Kubernetes sets for each Service of a namespace whose name begins with `steer`. */
const INJECTED = [
  /^STEER_PORT(?:_|$)/,
  /^STEER_(?:[A-Z0-9_]+_)?SERVICE_(?:HOST$|PORT(?:_|$))/,
  /^STEER_[A-Z0-9_]+_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/,
];

/**
 * Whether Kubernetes has set the variable. `STEER_GRPC_PORT=tcp://10.0.0.1:1` belongs to the Service `steer-grpc`;
 * `STEER_GRPC_PORT=1` is a mistake.
 */
function isInjected(name: string, value: string): boolean {
  if (INJECTED.some((pattern) => pattern.test(name))) return true;
  return name.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//.test(value);
}

/**
 * Refuses unknown variables that begin with `STEER_`, because a misspelt name would be ignored. `known`: the names of
 * the configuration and of the key variables in it. Throws `ConfigError`.
 */
export function checkVariables(environment: Environment, known: Iterable<string>): void {
  const own = ["STEER_CONFIG", JSON_VARIABLE, FILE_VARIABLE, METRICS_VARIABLE, ...known];
  const read = new Set<string>([...own, ...CLIENT_VARIABLES]);
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith("STEER_") || value === undefined || value === "") continue;
    if (read.has(name) || isInjected(name, value)) continue;
    throw new ConfigError(`${name}: unknown variable${didYouMean(name, own)}`);
  }
}
