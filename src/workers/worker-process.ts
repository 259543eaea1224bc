// A worker as its primary sees it.
import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Clock } from "../clock.ts";
import type { PlaceRequest } from "../domain/place-message.ts";
import type { Receiver } from "./shared-port.ts";
import type { PortName, ToPrimary, ToWorker, WorkerStart } from "./worker-messages.ts";
import { WorkerWatch } from "./worker-watch.ts";

/** Longest wait for the metrics of a worker, in milliseconds. */
const METRICS_MS = 5_000;

/** How a process has ended. */
export interface WorkerEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** Why the worker could not start, or was killed; undefined: nobody has said it. */
  readonly message: string | undefined;
}

/** What a worker tells. */
export interface WorkerEvents {
  onReady(): void;
  onLeft(port: PortName): void;
  onPlaces(request: PlaceRequest): void;
  /** Called once, and before the connections that are not yet taken go to other workers. */
  onEnd(end: WorkerEnd): void;
}

export interface WorkerProcessOptions {
  readonly clock: Clock;
  /** The worker's program. */
  readonly program: URL;
  /** Position of the worker, from 0. */
  readonly worker: number;
  readonly start: WorkerStart;
  /** A ready worker that does not answer for this long, in milliseconds, is killed. */
  readonly timeoutMs: number;
  readonly events: WorkerEvents;
}

/** Starts a worker, and speaks with it until it ends. */
export class WorkerProcess {
  readonly replica: string;
  readonly pid: number | undefined;
  /** Lines of the worker's log. */
  readonly output: Readable;
  /** Resolves when the process has ended and its output is read. */
  readonly closed: Promise<void>;
  readonly receivers: Readonly<Record<PortName, Receiver>>;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #child: ChildProcess;
  readonly #events: WorkerEvents;
  readonly #handed = new Map<number, (isTaken: boolean) => void>();
  readonly #asked = new Map<number, (text: string | undefined) => void>();
  /** Undefined before the worker is ready. */
  #watch: WorkerWatch | undefined;
  #nextId = 0;
  #failure: string | undefined;
  #hasEnded = false;

  constructor({ clock, program, worker, start, timeoutMs, events }: WorkerProcessOptions) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#events = events;
    this.replica = start.replica;
    const child = fork(program, [String(worker)], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
    this.#child = child;
    this.pid = child.pid;
    if (child.stdout === null) throw new Error("a worker without standard output");
    this.output = child.stdout;
    this.closed = new Promise((resolve) => {
      child.once("close", resolve);
      // The process could not be started.
      child.once("error", () => child.pid === undefined && resolve());
    });
    child.on("message", (message: ToPrimary) => this.#hear(message));
    child.once("exit", (code, signal) => this.#end(code, signal));
    child.on("error", () => {
      if (child.pid === undefined) this.#end(null, null);
    });
    const receiver = (port: PortName): Receiver => ({ hand: (socket) => this.#hand(port, socket) });
    this.receivers = { grpc: receiver("grpc"), http: receiver("http") };
    this.tell(start);
  }

  /** A message to a worker that has ended is lost. */
  tell(message: ToWorker): void {
    this.#child.send(message, () => {});
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** The worker's metrics in Prometheus' text; undefined: it has none, does not answer, or has ended. */
  readMetrics(): Promise<string | undefined> {
    if (this.#hasEnded) return Promise.resolve(undefined);
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const settle = (text: string | undefined): void => {
        cancel();
        this.#asked.delete(id);
        resolve(text);
      };
      const cancel = this.#clock.schedule(METRICS_MS, () => settle(undefined));
      this.#asked.set(id, settle);
      this.tell({ type: "read metrics", id });
    });
  }

  #hand(port: PortName, socket: Socket): Promise<boolean> {
    if (this.#hasEnded) return Promise.resolve(false);
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#handed.set(id, resolve);
      // This process keeps its descriptor, so that another worker can take the connection.
      this.#child.send({ type: "connection", id, port }, socket, { keepOpen: true }, () => {});
    });
  }

  #hear(message: ToPrimary): void {
    switch (message.type) {
      case "ready":
        this.#watch = this.#beginWatch();
        return this.#events.onReady();
      case "pong":
        return this.#watch?.answered();
      case "start failed":
        this.#failure = message.message;
        return;
      case "left":
        return this.#events.onLeft(message.port);
      case "places":
        return this.#events.onPlaces(message.request);
      case "metrics":
        return this.#asked.get(message.id)?.(message.text);
      case "taken":
        this.#handed.get(message.id)?.(message.isTaken);
        return void this.#handed.delete(message.id);
    }
  }

  /** Not before the worker is ready, because a worker that loads its code has no turns for a while. */
  #beginWatch(): WorkerWatch {
    const limitMs = this.#timeoutMs;
    return new WorkerWatch({
      clock: this.#clock,
      limitMs,
      ask: () => this.tell({ type: "ping" }),
      onSilent: () => {
        this.#failure = `the event loop stands still: no answer for ${limitMs / 1_000} s`;
        this.kill();
      },
    });
  }

  #end(code: number | null, signal: string | null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#watch?.end();
    const message = this.#failure;
    this.#events.onEnd({ exitCode: code ?? undefined, signal: signal ?? undefined, message });
    for (const settle of this.#handed.values()) settle(false);
    this.#handed.clear();
    for (const settle of [...this.#asked.values()]) settle(undefined);
  }
}
