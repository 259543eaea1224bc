// The steps of a reload: what they read, and what they apply.

import { type createAuthenticator, removedCallers } from "../calls/authenticator.ts";
import type { Config } from "../config/config.ts";
import { withKeysOfFiles, withTlsOfFiles } from "../config/configured-provider.ts";
import { restartKeys } from "../config/restart-keys.ts";
import { isSameTls, readTls, type TlsFiles } from "../config/tls-files.ts";
import type { TlsMaterial } from "../domain/tls-material.ts";
import type { Deployment } from "./deployment.ts";
import type { ReloadCause } from "./reloads.ts";

/** The configuration in force. Running calls keep the deployment that they began with. */
export interface InForce {
  config: Config;
  deployment: Deployment;
  authenticate: ReturnType<typeof createAuthenticator>;
}

/** A listener whose certificate can change. */
export interface TlsListener {
  /** The current certificate; undefined: no TLS. */
  readonly tls: TlsMaterial | undefined;
  setTls(tls: TlsMaterial): void;
}

export interface ReloadStepsDependencies {
  readonly inForce: InForce;
  readonly listeners: Readonly<Record<"grpc" | "http", TlsListener>>;
  /** Throws `ConfigError`. */
  readonly load: () => Config;
  readonly deploy: (config: Config) => Promise<Deployment>;
  readonly authenticator: (config: Config) => InForce["authenticate"];
  /** Forgets the state of an instance that was replaced. */
  readonly forget: (instance: string) => void;
  /** Applies the sections that concern other parts of the service. */
  readonly configure: (config: Config) => void;
  /** Ends the work of callers that were removed. */
  readonly revoke: (callers: readonly string[]) => void;
  readonly onWarning: (message: string) => void;
}

/** Reads the TLS files of the listeners for a start. Throws `TlsProblem`. */
export function readListenersTls({ grpc, http }: Config) {
  const read = (files: TlsFiles | undefined) => (files === undefined ? undefined : readTls(files));
  return { grpc: read(grpc.tls), http: read(http.tls) };
}

/** The changed certificate, otherwise the current one. Throws `TlsProblem`. */
function nextTls(inForce: TlsMaterial | undefined, files: TlsFiles | undefined) {
  if (inForce === undefined || files === undefined) return inForce;
  const read = readTls(files);
  // Whether clients are asked for a certificate is fixed at the start of the listener.
  const clientCa = inForce.clientCa === undefined ? undefined : (read.clientCa ?? inForce.clientCa);
  return { ...read, clientCa };
}

export function createReloadSteps(
  dependencies: ReloadStepsDependencies,
): Readonly<Record<ReloadCause, () => Promise<boolean>>> {
  const { inForce, listeners, load, deploy, authenticator } = dependencies;
  const { forget, configure, revoke, onWarning } = dependencies;
  const started = inForce.config;

  /** New calls begin with `deployment`; running calls keep the previous one. */
  function replace(config: Config, deployment: Deployment): void {
    const before = inForce.deployment;
    inForce.config = config;
    inForce.deployment = deployment;
    for (const id of before.replaced(deployment)) forget(id);
    before.retire();
  }

  /**
   * Replaces the instances whose files have changed. `providers` undefined: no file has. Returns whether it replaced
   * any.
   */
  async function takeProviders(providers: Config["providers"] | undefined): Promise<boolean> {
    if (providers === undefined) return false;
    const next = { ...inForce.config, providers };
    replace(next, await deploy(next));
    return true;
  }

  function readAllTls(config: Config) {
    return {
      grpc: nextTls(listeners.grpc.tls, config.grpc.tls),
      http: nextTls(listeners.http.tls, config.http.tls),
    };
  }

  /** Gives a listener a changed certificate. Returns whether the certificate has changed. */
  function takeTls(listener: TlsListener, next: TlsMaterial | undefined): boolean {
    if (next === undefined || listener.tls === undefined || isSameTls(listener.tls, next))
      return false;
    listener.setTls(next);
    return true;
  }

  return {
    async signal() {
      const before = inForce.config;
      // Steps that can fail come first, so that a mistake changes nothing.
      const next = load();
      const tls = readAllTls(next);
      const authenticate = authenticator(next);
      replace(next, await deploy(next));
      inForce.authenticate = authenticate;
      takeTls(listeners.grpc, tls.grpc);
      takeTls(listeners.http, tls.http);
      configure(next);
      revoke(removedCallers(before, next));
      const fixed = restartKeys(started, next).map(
        (key) => `${key} has changed and takes effect at the next start`,
      );
      for (const message of [...fixed, ...next.warnings, ...inForce.deployment.warnings]) {
        onWarning(message);
      }
      return true;
    },

    api_key_file: async () => takeProviders(withKeysOfFiles(inForce.config.providers)),
    provider_tls: async () => takeProviders(withTlsOfFiles(inForce.config.providers)),

    async tls() {
      const { grpc, http } = readAllTls(inForce.config);
      const isGrpcChanged = takeTls(listeners.grpc, grpc);
      return takeTls(listeners.http, http) || isGrpcChanged;
    },
  };
}

/** Whether the configuration names files whose content can change. */
export function namesFiles({ grpc, http, providers }: Config): boolean {
  return (
    grpc.tls !== undefined ||
    http.tls !== undefined ||
    providers.some(({ apiKeyFile, tls }) => apiKeyFile !== undefined || tls !== undefined)
  );
}
