// Access to private members of grpc-js. Each has a test that fails if a release removes it.
import type { EventEmitter } from "node:events";
import type { Http2SecureServer, Http2Server, ServerHttp2Stream } from "node:http2";
import type grpc from "@grpc/grpc-js";

export interface ServerInternals {
  /** Options of every new HTTP/2 server: the library's own options set only a few. */
  readonly commonServerOptions: Record<string, unknown>;
  readonly http2Servers: ReadonlyMap<Http2Server | Http2SecureServer, unknown>;
}

/** The private members of a call, for interceptors and handlers. */
export interface CallInternals {
  readonly stream: ServerHttp2Stream;
  readonly decoder: {
    /** Largest message in bytes, before and after decompression. */
    maxReadMessageLength: number;
    /** Received pieces of the message. They stay for as long as the call. */
    readPartialMessage: Buffer[];
  };
  /** Name of the compression that the client uses. */
  readonly incomingEncoding: string;
  /**
   * Decompresses a message without its head of five bytes. The encoding of an uncompressed message is `identity`.
   */
  decompressMessage(message: Buffer, encoding: string): Buffer | Promise<Buffer>;
  /** The status is being sent, so the stream accepts no more messages. */
  readonly wantTrailers: boolean;
  sendMessage(message: unknown, callback: () => void): void;
}

export function serverInternals(server: grpc.Server): ServerInternals {
  return server as unknown as ServerInternals;
}

/** The members of a call as interceptors get it. */
export function interceptedInternals(call: object): CallInternals {
  return call as CallInternals;
}

/** The members of a call as handlers get it. */
export function callInternals(call: object): CallInternals {
  return (call as { readonly call: CallInternals }).call;
}

function ignore(): void {}

/**
 * Lets go of everything that a handler's call leads to. grpc-js makes a `Writable` for every call, unary ones too, and
 * Node creates a function for each that V8 places among its old objects: it would keep the call until a full collection.
 * The library does not use these members after the end of the call.
 */
export function releaseCall(call: EventEmitter): void {
  Object.assign(call, { call: undefined, metadata: undefined, request: undefined });
  call.removeAllListeners();
  call.on("error", ignore);
}
