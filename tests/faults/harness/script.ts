// The ground truth: what the provider says is a function of the request and the index.

/** What goes wrong in one attempt, in front of the token with this index. */
export interface ScriptFault {
  readonly attempt: number;
  readonly cutAt?: number;
  readonly stallAt?: number;
  readonly errorAt?: number;
  /** The answer ends there as if it were whole, but for the end marker. */
  readonly truncateAt?: number;
  readonly status?: number;
}

/** The prompt of a request, as JSON. `rid` comes first: hooks find it there. */
export interface Script {
  readonly rid: string;
  readonly tokens: number;
  readonly paceMs: number;
  readonly faults?: readonly ScriptFault[];
}

export function token(rid: string, index: number): string {
  return `<${rid}:${index}> `;
}

/** What an instance of the provider does to all its requests. */
export type Outage = "down" | "429" | "500" | "half";

/** What the harness tells the provider, and what it answers. */
export type ProviderOrder =
  | { readonly type: "outage"; readonly instance: string; readonly outage: Outage | undefined }
  /** `takes`: counts begin again. */
  | { readonly type: "figures"; readonly takes: boolean };

export interface ProviderFigures {
  /** By instance. */
  readonly calls: Readonly<Record<string, number>>;
  readonly mostAtOnce: Readonly<Record<string, number>>;
  /** By request. */
  readonly callsOf: Readonly<Record<string, number>>;
  readonly tokensOf: Readonly<Record<string, number>>;
}
