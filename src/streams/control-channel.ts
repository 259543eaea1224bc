// Messages between replicas. They are hints: each can be lost, and nothing waits for one.
import type { StreamStore } from "./stream-store.ts";

export type ControlMessage =
  /** The stream is marked in the store, or will be soon. */
  | { readonly type: "cancel"; readonly streamId: string; readonly note: string }
  /** `model` "": all models of the provider. `command`: only for its workers; unset: for all replicas. */
  | {
      readonly type: "reset-circuit";
      readonly provider: string;
      readonly model: string;
      readonly command?: string;
    }
  /** A worker has opened a circuit for so long, or closed it (`forMs` 0). For the other workers of its command. */
  | {
      readonly type: "circuit";
      readonly command: string;
      readonly provider: string;
      readonly model: string;
      readonly forMs: number;
    }
  /** Callers, keys or groups have changed in the store. */
  | { readonly type: "callers" }
  /** The cooldown is a duration, because clocks of replicas differ. */
  | {
      readonly type: "cooldown";
      readonly provider: string;
      readonly model: string;
      readonly forMs: number;
    }
  /** An operator watches all replicas: their snapshots need their activity, and `calls` their latest calls too. */
  | { readonly type: "watched"; readonly forMs: number; readonly calls: boolean };

type Listeners = {
  readonly [Type in ControlMessage["type"]]: ((
    message: Extract<ControlMessage, { type: Type }>,
  ) => void)[];
};

interface Envelope {
  /** Session of the sender. */
  readonly from: string;
  readonly message: ControlMessage;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeControl({ from, message }: Envelope): Uint8Array {
  return encoder.encode(JSON.stringify({ from, ...message }));
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function isDuration(ms: unknown): ms is number {
  return typeof ms === "number" && Number.isFinite(ms) && ms > 0;
}

/** Undefined for messages that this version does not know: replicas are upgraded one by one. */
export function decodeControl(bytes: Uint8Array): Envelope | undefined {
  const { type, from, streamId, note, provider, model, forMs, calls, command } = parse(bytes);
  if (typeof from !== "string") return undefined;
  switch (type) {
    case "cancel":
      if (typeof streamId !== "string" || typeof note !== "string") return undefined;
      return { from, message: { type, streamId, note } };
    case "reset-circuit":
      if (typeof provider !== "string" || typeof model !== "string") return undefined;
      if (command === undefined) return { from, message: { type, provider, model } };
      if (typeof command !== "string") return undefined;
      return { from, message: { type, provider, model, command } };
    case "circuit":
      if (typeof provider !== "string" || typeof model !== "string") return undefined;
      if (typeof command !== "string" || (forMs !== 0 && !isDuration(forMs))) return undefined;
      return { from, message: { type, command, provider, model, forMs } };
    case "callers":
      return { from, message: { type } };
    case "cooldown":
      if (typeof provider !== "string" || typeof model !== "string") return undefined;
      if (!isDuration(forMs)) return undefined;
      return { from, message: { type, provider, model, forMs } };
    case "watched":
      if (!isDuration(forMs)) return undefined;
      return { from, message: { type, forMs, calls: calls === true } };
    default:
      return undefined;
  }
}

export interface ControlChannelOptions {
  readonly store: StreamStore;
  readonly session: string;
  readonly isStoreDown: () => boolean;
}

export class ControlChannel {
  readonly #options: ControlChannelOptions;
  readonly #listeners: Listeners = {
    cancel: [],
    "reset-circuit": [],
    circuit: [],
    cooldown: [],
    callers: [],
    watched: [],
  };

  constructor(options: ControlChannelOptions) {
    this.#options = options;
    options.store.onBroadcast((bytes) => this.#hear(bytes));
  }

  /** Adds a listener for messages of other replicas. */
  on<Type extends ControlMessage["type"]>(type: Type, listener: Listeners[Type][number]): void {
    this.#listeners[type].push(listener);
  }

  /** Sends a message to the other replicas. Never rejects; does nothing if the store is not shared or is down. */
  async send(message: ControlMessage): Promise<void> {
    const { store, session, isStoreDown } = this.#options;
    if (!store.capabilities.isShared || isStoreDown()) return;
    await store.broadcast(encodeControl({ from: session, message })).catch(() => {});
  }

  #hear(bytes: Uint8Array): void {
    const heard = decodeControl(bytes);
    if (heard === undefined || heard.from === this.#options.session) return;
    const { message } = heard;
    const listeners = this.#listeners[message.type] as ((heard: ControlMessage) => void)[];
    for (const listener of listeners) listener(message);
  }
}
