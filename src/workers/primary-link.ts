// A worker's channel to its primary.
import type { Socket } from "node:net";
import type { PlaceAnswer } from "../domain/place-message.ts";
import { HandedPort } from "./handed-port.ts";
import type { PortName, ToPrimary, ToWorker, WorkerStart } from "./worker-messages.ts";

/** What the primary asks of a worker. */
export interface WorkerDuties {
  /** Called with the first message, before all others. */
  begin(start: WorkerStart): void;
  /** Places of a target move. */
  hearPlaces(answer: PlaceAnswer): void;
  reload(configText: string | undefined): void;
  stop(): void;
  /** A second signal: the remaining steps of the stop follow at once. */
  hurry(): void;
  /** Rejects if the metrics cannot be read; undefined: they are not kept. */
  readMetrics(): Promise<string | undefined>;
  onDefect(error: unknown): void;
  /** The primary is gone, and with it the ports. */
  onPrimaryEnded(): void;
}

/** The place that the primary has given to this worker. */
export interface WorkerPlace {
  readonly start: WorkerStart;
  readonly ports: Readonly<Record<PortName, HandedPort>>;
}

/** Begins to listen to the primary. Throws if no primary has started this process. */
export class PrimaryLink {
  /** Resolves with the first message. */
  readonly place: Promise<WorkerPlace>;
  readonly #duties: WorkerDuties;
  #ports: WorkerPlace["ports"] | undefined;

  constructor(duties: WorkerDuties) {
    if (process.send === undefined) throw new Error("workers are started by main.js alone");
    this.#duties = duties;
    const placed = Promise.withResolvers<WorkerPlace>();
    this.place = placed.promise;
    process.on("message", (message: ToWorker, socket?: Socket) => {
      if (message.type === "start") placed.resolve(this.#takePlace(message));
      else this.#obey(message, socket);
    });
    process.once("disconnect", () => duties.onPrimaryEnded());
    // The channel can have been closed before there was a listener.
    if (!process.connected) duties.onPrimaryEnded();
  }

  /** Resolves when the message is sent, or cannot be. */
  tell(message: ToPrimary): Promise<void> {
    return new Promise((resolve) => {
      if (process.connected) process.send?.(message, undefined, {}, () => resolve());
      else resolve();
    });
  }

  #takePlace(start: WorkerStart): WorkerPlace {
    this.#duties.begin(start);
    const port = (name: PortName): HandedPort =>
      new HandedPort(start.addresses[name], () => void this.tell({ type: "left", port: name }));
    this.#ports = { grpc: port("grpc"), http: port("http") };
    return { start, ports: this.#ports };
  }

  #obey(message: Exclude<ToWorker, WorkerStart>, socket: Socket | undefined): void {
    const duties = this.#duties;
    switch (message.type) {
      case "connection": {
        const isTaken = socket === undefined || this.#ports?.[message.port].take(socket) === true;
        return void this.tell({ type: "taken", id: message.id, isTaken });
      }
      case "reload":
        return duties.reload(message.configText);
      case "stop":
        return duties.stop();
      case "hurry":
        return duties.hurry();
      case "places":
        return duties.hearPlaces(message.answer);
      case "ping":
        return void this.tell({ type: "pong" });
      case "read metrics":
        return void this.#tellMetrics(message.id);
    }
  }

  async #tellMetrics(id: number): Promise<void> {
    const text = await this.#duties.readMetrics().catch((error: unknown) => {
      this.#duties.onDefect(error);
      return undefined;
    });
    await this.tell({ type: "metrics", id, text });
  }
}
