import type { Environment } from "./sources.ts";

/** Another name of `STEER_STREAM_RETENTION`, in seconds. `STEER_STREAM_RETENTION` takes precedence. */
export const RETENTION_ALIAS = "STEER_STREAMING_STATE_TTL";

/** The environment with the alias under its main name. */
export function withRetentionAlias(environment: Environment): Environment {
  const seconds = environment[RETENTION_ALIAS];
  if (!seconds || environment["STEER_STREAM_RETENTION"]) return environment;
  const retention = /^\d+$/.test(seconds) ? `${seconds}s` : seconds;
  return { ...environment, STEER_STREAM_RETENTION: retention };
}

/** The name of the variable that was actually set for `variable`. */
export function setVariable(variable: string, environment: Environment): string {
  const isAlias = variable === "STEER_STREAM_RETENTION" && !environment[variable];
  return isAlias ? RETENTION_ALIAS : variable;
}
