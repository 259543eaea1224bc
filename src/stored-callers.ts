// Callers that are made at run time: what follows their records, and what operators do with them.
import { randomBytes } from "node:crypto";
import { createCallerAdministration } from "./callers/caller-administration.ts";
import { CallerFeed } from "./callers/caller-feed.ts";
import type { CallerStore } from "./callers/caller-store.ts";
import { CallerWriter } from "./callers/caller-writer.ts";
import type { Revoked } from "./callers/revoked.ts";
import type { Core } from "./core.ts";
import type { CallerAdministration } from "./ports/caller-administration.ts";
import type { ControlChannel } from "./streams/control-channel.ts";

export interface StoredCallersOptions {
  readonly core: Core;
  readonly store: CallerStore;
  readonly control: ControlChannel;
  /** Ends what callers and keys have begun that were deleted; those of the configuration are not among them. */
  readonly onRevoked: (revoked: Revoked) => void;
}

export interface StoredCallers {
  readonly administration: CallerAdministration;
  /** Resolves when the callers were read, or when the store has not answered. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createStoredCallers(options: StoredCallersOptions): StoredCallers {
  const { core, store, control, onRevoked } = options;
  const { clock, inForce, newId, onDefect } = core;
  const { known, registry, uses } = core.callers;
  const feed = new CallerFeed({
    store,
    registry,
    uses,
    clock,
    onRevoked: ({ callers, keys }) =>
      onRevoked({ keys, callers: callers.filter((id) => !known.callers.has(id)) }),
    // Whoever is alone may hold all places of a target: with keys in the store nobody is.
    onHolders: core.configureStates,
    onDefect: (error) => onDefect(error),
  });
  control.on("callers", () => feed.hear());
  const tellOthers = () => control.send({ type: "callers" });
  const writer = new CallerWriter({ store, registry, feed, newId, tellOthers });
  const isLocalOperator = (): boolean => {
    const { callers, allowUnauthenticated } = inForce.config;
    return callers.length === 0 && !allowUnauthenticated;
  };
  return {
    administration: createCallerAdministration({
      clock,
      store,
      registry,
      feed,
      writer,
      known,
      randomBytes,
      isLocalOperator,
    }),
    start: () => feed.start(),
    stop: () => feed.stop(),
  };
}
