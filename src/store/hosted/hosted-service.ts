// A service of the host, as both ends know it.
import type { CallCodec } from "./codec.ts";
import type { FrameWriter } from "./frames.ts";

/** Type of a service's methods, which its interface `C` declares. */
export type ServiceCalls<C> = {
  readonly [Name in keyof C]: (...args: never[]) => unknown;
};

/** What both ends must agree about beside the types. */
export interface ServiceShape {
  readonly name: string;
  /** Codecs of calls by method. Others take any value that can be cloned. */
  readonly codecs?: Readonly<Record<string, CallCodec>>;
}

/** One connection of a client, as the services see it. */
export interface Peer {
  /** Rises with each connection. */
  readonly number: number;
  /** Sends a message that no call has asked for. False: too much waits for this client, and the message is dropped. */
  push(write: (to: FrameWriter) => void): boolean;
}

export type Handlers<C extends ServiceCalls<C>> = {
  readonly [Name in keyof C]: (
    ...args: Parameters<C[Name]>
  ) => ReturnType<C[Name]> | Promise<Awaited<ReturnType<C[Name]>>>;
};

/** A service for one client. */
export interface ServedPeer<C extends ServiceCalls<C>> {
  readonly calls: Handlers<C>;
  /** Called once, at the end of the connection. No call of the client follows. */
  readonly end?: () => void;
}

/**
 * A service that the host offers to its clients. Calls of a client start in their order. A handler throws, or rejects
 * with, `StoreUnavailable` alone.
 */
export interface HostedService<
  C extends ServiceCalls<C> = Record<string, (...args: never[]) => unknown>,
> {
  readonly shape: ServiceShape;
  serve(peer: Peer): ServedPeer<C>;
}
