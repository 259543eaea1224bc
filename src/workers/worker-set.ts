// The workers of a primary: starts them, replaces those that die, and ends them.
import type { Clock } from "../clock.ts";
import type { PlaceRequest } from "../domain/place-message.ts";
import type { PortName, ToWorker } from "./worker-messages.ts";
import type { WorkerPosition } from "./worker-metrics.ts";
import type { WorkerEnd, WorkerEvents, WorkerProcess } from "./worker-process.ts";

/** A worker that has lived for less than this, in milliseconds, has died quickly. */
const QUICK_MS = 10_000;
/** First wait before a replacement, if the last one has died quickly too. It doubles each time. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** What the set tells. */
export interface WorkerSetEvents {
  /** A process was started, and has heard nothing but its start. */
  onStarted(worker: number): void;
  /** A worker lacks places of a target, or gives some. */
  onPlaces(worker: number, request: PlaceRequest): void;
  /** A worker can serve calls. */
  onReady(worker: number, process: WorkerProcess): void;
  onLeft(port: PortName, process: WorkerProcess): void;
  /** A process has ended. `replacedInMs`: the wait before its replacement; undefined: it gets none. */
  onEnd(end: EndedWorker): void;
  /** No worker is left, and the last one could not start. */
  onHopeless(problem: string): void;
}

export interface EndedWorker extends WorkerEnd {
  readonly worker: number;
  readonly process: WorkerProcess;
  readonly replacedInMs: number | undefined;
}

export interface WorkerSetOptions extends WorkerSetEvents {
  readonly clock: Clock;
  readonly count: number;
  /** Starts a process. `life` counts the processes of the position, from 1. */
  readonly spawn: (worker: number, life: number, events: WorkerEvents) => WorkerProcess;
}

/** A position among the workers. Its processes follow one another. */
type Slot =
  | { readonly state: "running"; readonly process: WorkerProcess; isReady: boolean }
  | { readonly state: "waiting"; readonly cancel: () => void }
  | { readonly state: "ended" };

/** Why a worker is not ready, in words. */
function problemOf({ message, exitCode, signal }: WorkerEnd, worker: number): string {
  if (message !== undefined) return message;
  const how = signal === undefined ? `with exit code ${exitCode}` : `by ${signal}`;
  return `worker ${worker} ended ${how} before it was ready`;
}

export class WorkerSet {
  readonly #options: WorkerSetOptions;
  readonly #slots: Slot[];
  readonly #lives: number[];
  /** Quick deaths of a position in a row. */
  readonly #quickDeaths: number[];
  readonly #started = Promise.withResolvers<void>();
  #phase: "starting" | "serving" | "stopping" = "starting";

  constructor(options: WorkerSetOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.count }, () => ({ state: "ended" as const }));
    this.#lives = this.#slots.map(() => 0);
    this.#quickDeaths = this.#slots.map(() => 0);
  }

  /** Resolves when all are ready. Rejects with the reason of the first that cannot start; then call `stop`. */
  start(): Promise<void> {
    for (const worker of this.#slots.keys()) this.#spawn(worker);
    return this.#started.promise;
  }

  /** The running processes by position. */
  get running(): readonly (readonly [worker: number, process: WorkerProcess])[] {
    return this.#slots.flatMap((slot, worker) =>
      slot.state === "running" ? [[worker, slot.process] as const] : [],
    );
  }

  get positions(): readonly WorkerPosition[] {
    return this.#slots.map((slot, worker) => ({
      worker,
      process: slot.state === "running" ? slot.process : undefined,
      starts: this.#lives[worker] ?? 0,
    }));
  }

  /** A message to a position without a process is lost. */
  tellOne(worker: number, message: ToWorker): void {
    const slot = this.#slots[worker];
    if (slot?.state === "running") slot.process.tell(message);
  }

  tell(message: ToWorker): void {
    for (const [, process] of this.running) process.tell(message);
  }

  /** Ends all workers. Resolves when the last one has ended, killed after `limitMs` if need be. */
  async stop(limitMs: number): Promise<void> {
    this.#phase = "stopping";
    for (const slot of this.#slots) if (slot.state === "waiting") slot.cancel();
    const processes = this.running.map(([, process]) => process);
    this.tell({ type: "stop" });
    const cancel = this.#options.clock.schedule(limitMs, () => {
      for (const process of processes) process.kill();
    });
    await Promise.all(processes.map(({ closed }) => closed));
    cancel();
  }

  #spawn(worker: number): void {
    const life = (this.#lives[worker] ?? 0) + 1;
    this.#lives[worker] = life;
    const begunAt = this.#options.clock.now();
    const process = this.#options.spawn(worker, life, {
      onReady: () => this.#ready(worker, process),
      onLeft: (port) => this.#options.onLeft(port, process),
      onPlaces: (request) => this.#options.onPlaces(worker, request),
      onEnd: (end) => this.#end({ ...end, worker, process }, begunAt),
    });
    this.#slots[worker] = { state: "running", process, isReady: false };
    this.#options.onStarted(worker);
  }

  #ready(worker: number, process: WorkerProcess): void {
    const slot = this.#slots[worker];
    if (slot?.state === "running") slot.isReady = true;
    this.#options.onReady(worker, process);
    const areReady = this.#slots.every((each) => each.state === "running" && each.isReady);
    if (this.#phase !== "starting" || !areReady) return;
    this.#phase = "serving";
    this.#started.resolve();
  }

  #end(ended: Omit<EndedWorker, "replacedInMs">, begunAt: number): void {
    const { worker } = ended;
    const slot = this.#slots[worker];
    const wasReady = slot?.state === "running" && slot.isReady;
    this.#slots[worker] = { state: "ended" };
    if (this.#phase === "starting") this.#started.reject(new Error(problemOf(ended, worker)));
    if (this.#phase !== "serving")
      return this.#options.onEnd({ ...ended, replacedInMs: undefined });
    const waitMs = this.#waitOf(worker, this.#options.clock.now() - begunAt);
    const isHopeless = !wasReady && this.running.length === 0;
    this.#options.onEnd({ ...ended, replacedInMs: isHopeless ? undefined : waitMs });
    if (isHopeless) return this.#options.onHopeless(problemOf(ended, worker));
    const cancel = this.#options.clock.schedule(waitMs, () => this.#spawn(worker));
    this.#slots[worker] = { state: "waiting", cancel };
  }

  /** Milliseconds until the replacement of a worker that has lived for `livedMs`. */
  #waitOf(worker: number, livedMs: number): number {
    const before = this.#quickDeaths[worker] ?? 0;
    const isQuick = livedMs < QUICK_MS;
    this.#quickDeaths[worker] = isQuick ? before + 1 : 0;
    if (!isQuick || before === 0) return 0;
    return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (before - 1));
  }
}
