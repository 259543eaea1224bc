// What the primary and its workers tell each other over the channel of `fork`.
import type { PlaceAnswer, PlaceRequest, WorkerRank } from "../domain/place-message.ts";
import type { ListenAddress } from "../rpc/listen.ts";
import type { StoreAddress } from "../store/store-address.ts";

/** The ports of calls, which all workers share. */
export type PortName = "grpc" | "http";

/** The first message to a worker. */
export interface WorkerStart {
  readonly type: "start";
  /** Name of the worker among the replicas. */
  readonly replica: string;
  readonly rank: WorkerRank;
  /** The text of the file of STEER_CONFIG at the start of the primary; undefined: there is no file. */
  readonly configText: string | undefined;
  /** The store of all workers. */
  readonly store: StoreAddress;
  /** The text that was reloaded since, which does not change what needs a restart; undefined: none was. */
  readonly reloadedText: string | undefined;
  /** The addresses as taken. */
  readonly addresses: Readonly<Record<PortName, ListenAddress>>;
}

export type ToWorker =
  | WorkerStart
  /** Comes with a socket, unless its client has left. */
  | { readonly type: "connection"; readonly id: number; readonly port: PortName }
  | { readonly type: "reload"; readonly configText: string | undefined }
  | { readonly type: "stop" }
  /** The remaining steps of the stop follow at once. */
  | { readonly type: "hurry" }
  | { readonly type: "read metrics"; readonly id: number }
  /** Shows whether the event loop of the worker turns. */
  | { readonly type: "ping" }
  | { readonly type: "places"; readonly answer: PlaceAnswer };

export type ToPrimary =
  | { readonly type: "ready" }
  | { readonly type: "pong" }
  | { readonly type: "start failed"; readonly message: string }
  /** The end of a `connection`: false if the worker serves the port no more. */
  | { readonly type: "taken"; readonly id: number; readonly isTaken: boolean }
  | { readonly type: "places"; readonly request: PlaceRequest }
  /** No more connections of this port, please. */
  | { readonly type: "left"; readonly port: PortName }
  /** Prometheus' text; undefined: the metrics could not be read. */
  | { readonly type: "metrics"; readonly id: number; readonly text: string | undefined };
