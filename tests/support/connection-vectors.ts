import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Settings {
  readonly given?: { readonly address?: string; readonly key?: string };
  readonly environment: Readonly<Record<string, string>>;
}

/** Expected results of each client for an address and a key, given or from the environment. */
export interface ConnectionVectors {
  readonly addresses: readonly {
    readonly text: string;
    readonly host: string;
    readonly port: number;
    readonly is_secure: boolean;
    readonly is_loopback: boolean;
  }[];
  readonly refused_addresses: readonly string[];
  readonly keys: readonly string[];
  readonly refused_keys: readonly string[];
  readonly settings: readonly (Settings & {
    readonly name: string;
    readonly address: string;
    readonly key: string | null;
  })[];
  readonly refused_settings: readonly (Settings & {
    readonly reason: string;
    readonly names: string;
  })[];
}

const FILE = join(import.meta.dirname, "../fixtures/connection-vectors.json");

export function connectionVectors(): ConnectionVectors {
  return JSON.parse(readFileSync(FILE, "utf8")) as ConnectionVectors;
}
