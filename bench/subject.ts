// What is measured: a process, and a way to call it. gRPC and HTTP are called alike.
import http from "node:http";
import { type HttpLoad, post } from "./http-load.ts";
import { type Load, openChannel } from "./load.ts";
import type { Server } from "./processes.ts";

/** A client with connections of its own. */
export interface Client {
  /** One call with a whole answer. */
  call(): Promise<unknown>;
  /** One stream, until its end or until `signal` ends it. */
  stream(onPiece: (piece: Buffer, events: number) => void, signal?: AbortSignal): Promise<unknown>;
  close(): void;
}

export interface Subject {
  /** The process whose CPU time is measured. */
  readonly server: Pick<Server, "pid">;
  open(): Client;
}

export function grpcSubject(server: Subject["server"], load: Load): Subject {
  return {
    server,
    open() {
      const channel = openChannel(load);
      return {
        call: () => channel.unary(),
        stream: (onPiece, signal) => channel.stream((message) => onPiece(message, 1), signal),
        close: () => channel.close(),
      };
    },
  };
}

export function httpSubject(server: Subject["server"], address: string, load: HttpLoad): Subject {
  return {
    server,
    open() {
      const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
      return {
        call: () => post({ agent, address, load }, () => {}),
        stream: (onPiece, signal) =>
          post({ agent, address, load, signal }, (piece) => onPiece(piece, load.eventsIn(piece))),
        close: () => agent.destroy(),
      };
    },
  };
}
