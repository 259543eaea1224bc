/** What becomes of a generation when its last reader goes away without cancelling it. */
export type DisconnectPolicy =
  | { readonly policy: "grace"; readonly graceMs: number }
  | { readonly policy: "cancel" }
  /** It runs to its end. */
  | { readonly policy: "continue" };

/** How one stream is delivered. */
export interface StreamOptions {
  /** What is told of the JSON in the output beside its text. */
  readonly jsonMode: "off" | "values" | "patches";
  /** No text deltas; only with a `jsonMode`. */
  readonly omitJsonText: boolean;
  readonly omitReasoning: boolean;
  /** One final `usage` event right before the terminal one. */
  readonly includeUsage: boolean;
  /** `usage` events while it runs, estimated where the provider reports late. */
  readonly includeUsageUpdates: boolean;
  readonly includeEventTime: boolean;
  readonly omitFinalMessage: boolean;
  /** Longest silence in milliseconds before a heartbeat; 0 for none. */
  readonly heartbeatMs: number;
  /** Nothing of it is stored. */
  readonly ephemeral: boolean;
  /** How long it can be replayed after its end; undefined: the server's time. */
  readonly retentionMs: number | undefined;
  /** `graceMs` undefined: the server's time. */
  readonly onDisconnect: "grace" | "cancel" | "continue";
  readonly disconnectGraceMs: number | undefined;
}

/** A whole answer is read by nobody before its end, and by no one after. */
export const WHOLE_ANSWER: StreamOptions = {
  jsonMode: "off",
  omitJsonText: false,
  omitReasoning: false,
  includeUsage: false,
  includeUsageUpdates: false,
  includeEventTime: false,
  omitFinalMessage: false,
  heartbeatMs: 0,
  ephemeral: false,
  retentionMs: undefined,
  onDisconnect: "cancel",
  disconnectGraceMs: undefined,
};
