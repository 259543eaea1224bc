/** What happens to a generation when its last reader disconnects without cancelling it. */
export type DisconnectPolicy =
  | { readonly policy: "grace"; readonly graceMs: number }
  | { readonly policy: "cancel" }
  /** The generation runs to its end. */
  | { readonly policy: "continue" };

/** How one stream is delivered. */
export interface StreamOptions {
  /** Events about the JSON in the output, beside its text. */
  readonly jsonMode: "off" | "values" | "patches";
  /** Leaves out text deltas. Only with a `jsonMode`. */
  readonly omitJsonText: boolean;
  readonly omitReasoning: boolean;
  /** Sends one final `usage` event right before the terminal event. */
  readonly includeUsage: boolean;
  /** Sends interim `usage` events; counts that the provider reports late are estimated. */
  readonly includeUsageUpdates: boolean;
  readonly includeEventTime: boolean;
  readonly omitFinalMessage: boolean;
  /** Longest silence before a heartbeat, in milliseconds; 0: no heartbeats. */
  readonly heartbeatMs: number;
  /** The stream is not stored. */
  readonly ephemeral: boolean;
  /** How long the stream can be replayed after its end, in milliseconds; undefined: the server's default. */
  readonly retentionMs: number | undefined;
  /** `graceMs` undefined: the server's default. */
  readonly onDisconnect: "grace" | "cancel" | "continue";
  readonly disconnectGraceMs: number | undefined;
}

/** Options of a unary call: its stream has no reader before its end. */
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
