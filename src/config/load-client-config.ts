import type { Environment } from "./sources.ts";

/** What the command line takes from its environment. */
export interface ClientConfig {
  readonly address: string;
  readonly apiKey: string | undefined;
  /** The terminal has no cursor that can be moved. */
  readonly isDumbTerminal: boolean;
}

/** `STEER_ADDRESS`, otherwise the address on which a service of the same environment listens. */
export function loadClientConfig(environment: Environment = process.env): ClientConfig {
  const listening = environment["STEER_GRPC_ADDRESS"];
  // A wildcard address cannot be called.
  const local = listening?.replace(/^(?:0\.0\.0\.0|\[::\])(?=:)/, "127.0.0.1");
  return {
    address: environment["STEER_ADDRESS"] || local || "127.0.0.1:50051",
    apiKey: environment["STEER_API_KEY"] || undefined,
    isDumbTerminal: environment["TERM"] === "dumb",
  };
}
