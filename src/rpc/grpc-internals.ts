// The border to what grpc-js keeps to itself. Each member has a test that fails if a release of the library has it no more.
import type { Http2SecureServer, Http2Server, ServerHttp2Stream } from "node:http2";
import type grpc from "@grpc/grpc-js";

export interface ServerInternals {
  /** Options of each HTTP/2 server that is made: the library takes few of them. */
  readonly commonServerOptions: Record<string, unknown>;
  readonly http2Servers: ReadonlyMap<Http2Server | Http2SecureServer, unknown>;
}

/** What interceptors are handed and handlers hold. */
export interface CallInternals {
  readonly stream: ServerHttp2Stream;
  readonly decoder: {
    /** Most bytes of a message, before and behind its decompression. */
    maxReadMessageLength: number;
    /** The pieces that the message has come in. They stay for as long as the call. */
    readPartialMessage: Buffer[];
  };
  /** As the client names it. */
  readonly incomingEncoding: string;
  /** A message behind its head of five bytes. Of one that is not compressed the encoding is `identity`. */
  decompressMessage(message: Buffer, encoding: string): Buffer | Promise<Buffer>;
  /** The status is on its way: the stream takes no message any more. */
  readonly wantTrailers: boolean;
  sendMessage(message: unknown, callback: () => void): void;
}

export function serverInternals(server: grpc.Server): ServerInternals {
  return server as unknown as ServerInternals;
}

/** Of a call as interceptors get it. */
export function interceptedInternals(call: object): CallInternals {
  return call as CallInternals;
}

/** Of a call as handlers get it. */
export function callInternals(call: object): CallInternals {
  return (call as { readonly call: CallInternals }).call;
}
