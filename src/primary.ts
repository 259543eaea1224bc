// The process above the workers: it has the ports, the output of the log and the metrics of all, and serves no call.
import { randomBytes } from "node:crypto";
import type { Writable } from "node:stream";
import type { Clock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { loadConfig, loadConfigText } from "./config/load-config.ts";
import { readTls } from "./config/tls-files.ts";
import { consoleUrl } from "./console/console-url.ts";
import { reloadProblem } from "./deployment/reloads.ts";
import { describeDefect } from "./domain/defect.ts";
import type { Log } from "./domain/log-line.ts";
import { workerName } from "./domain/replica-name.ts";
import * as providerTypes from "./providers/registry.ts";
import { addressText } from "./rpc/listen.ts";
import { createMetricsListener, type MetricsListener } from "./rpc/metrics-listener.ts";
import { type SharedStores, shareStores } from "./serve-stores.ts";
import { gaugeText } from "./telemetry/gauge-text.ts";
import { metric } from "./telemetry/metrics.ts";
import { attribute } from "./telemetry/names.ts";
import { VERSION } from "./version.ts";
import { forwardLines } from "./workers/line-forwarder.ts";
import { PlaceBroker } from "./workers/place-broker.ts";
import { SharedPort } from "./workers/shared-port.ts";
import type { PortName } from "./workers/worker-messages.ts";
import { readWorkerMetrics } from "./workers/worker-metrics.ts";
import { type WorkerEvents, WorkerProcess } from "./workers/worker-process.ts";
import { type EndedWorker, WorkerSet } from "./workers/worker-set.ts";

const PROGRAM = new URL("./worker-main.js", import.meta.url);
const PORTS = ["grpc", "http"] as const satisfies readonly PortName[];
/** Time in milliseconds that a worker has after `drain.grace`. It needs at most 2 s. */
const LAST_MS = 5_000;
/** Time limit in milliseconds for the end of workers that have not begun to serve. */
const UNUSED_MS = 5_000;

type Ports = Readonly<Record<PortName, SharedPort>>;

export interface PrimaryOptions {
  readonly clock: Clock;
  readonly config: Config;
  /** Text of the file that `config` is from. */
  readonly configText: string | undefined;
  readonly log: Log;
  /** Writes the lines of `log` at once, before those of the workers. */
  readonly flush: () => void;
  /** Gets the lines of the workers' logs. */
  readonly output: Writable;
  /** A line of a worker could not be passed on. */
  readonly onLostLine: () => void;
  /** No worker is left, and the last one could not start. */
  readonly onHopeless: (problem: string) => void;
}

async function openPorts({ grpc, http }: Config): Promise<Ports> {
  const first = await SharedPort.open(grpc.address, "the gRPC listener");
  try {
    return { grpc: first, http: await SharedPort.open(http.address, "the HTTP listener") };
  } catch (error) {
    first.close();
    throw error;
  }
}

export class Primary {
  readonly #options: PrimaryOptions;
  /** Name of this start of the command. The names of its workers begin with it. */
  readonly #name = randomBytes(4).toString("hex");
  readonly #workers: WorkerSet;
  readonly #places: PlaceBroker;
  #config: Config;
  /** The text of the last reload. */
  #reloadedText: string | undefined;
  #ports: Ports | undefined;
  #metrics: MetricsListener | undefined;
  /** The stores of all workers. */
  #stores: SharedStores | undefined;
  /** Until the first line is written, no worker serves, and their lines wait. */
  #isTold = false;

  constructor(options: PrimaryOptions) {
    const { clock, config, output, onHopeless } = options;
    this.#options = options;
    this.#config = config;
    // Each worker can wait for the output.
    output.setMaxListeners(output.getMaxListeners() + config.workers);
    this.#places = new PlaceBroker({
      count: config.workers,
      send: (worker, answer) => this.#workers.tellOne(worker, { type: "places", answer }),
    });
    this.#workers = new WorkerSet({
      clock,
      count: config.workers,
      spawn: (worker, life, events) => this.#spawn(worker, life, events),
      onStarted: (worker) => this.#places.replaced(worker),
      onPlaces: (worker, request) => this.#places.hear(worker, request),
      onReady: (worker, process) => this.#isTold && this.#beginServing(worker, process),
      onLeft: (port, process) => this.#ports?.[port].leave(process.receivers[port]),
      onEnd: (ended) => this.#tellEnd(ended),
      onHopeless,
    });
  }

  /** Resolves when all workers serve. Rejects, with everything closed, if one of them cannot start. */
  async start(): Promise<void> {
    try {
      this.#ports = await openPorts(this.#config);
      this.#metrics = await this.#listenForMetrics();
      this.#stores = await shareStores(this.#config.store, this.#options);
      await this.#workers.start();
    } catch (error) {
      await this.#workers.stop(UNUSED_MS);
      await this.#close();
      throw error;
    }
    this.#tellStart(this.#ports);
    for (const [worker, process] of this.#workers.running) {
      this.#forward(process);
      this.#beginServing(worker, process);
    }
  }

  /** Reads the configuration again, for all workers. A mistake in it changes nothing. */
  reload(): void {
    try {
      const text = loadConfigText();
      const next = loadConfig(providerTypes, undefined, text);
      for (const { tls } of [next.grpc, next.http]) if (tls !== undefined) readTls(tls);
      this.#config = next;
      this.#reloadedText = text;
      this.#workers.tell({ type: "reload", configText: text });
    } catch (error) {
      const message = reloadProblem(error);
      this.#options.log({ event: "reload failed", cause: "signal", message });
    }
  }

  /** Lets the workers drain. Resolves when the last one has ended and everything is closed. */
  async stop(): Promise<void> {
    for (const port of PORTS) this.#ports?.[port].closeWhenLeft();
    await this.#workers.stop(this.#config.drain.graceMs + LAST_MS);
    await this.#close();
  }

  /** The remaining steps of the drain follow at once. */
  hurry(): void {
    this.#workers.tell({ type: "hurry" });
  }

  async #close(): Promise<void> {
    for (const port of PORTS) this.#ports?.[port].close();
    await this.#metrics?.close();
    await this.#stores?.close();
  }

  async #listenForMetrics(): Promise<MetricsListener | undefined> {
    const { clock, log } = this.#options;
    const address = this.#config.telemetry?.metricsAddress;
    if (address === undefined) return undefined;
    return createMetricsListener({
      address,
      clock,
      hosts: () => this.#config.hosts,
      read: () => readWorkerMetrics(this.#workers.positions, this.#heldText()),
      onDefect: (error) => log({ event: "defect", ...describeDefect(error) }),
    });
  }

  /** The memory of the store, which no worker has. */
  #heldText(): string {
    const { held, capabilities } = this.#stores?.streams ?? {};
    if (held === undefined || capabilities === undefined) return "";
    return gaugeText(metric.storeHeld, { [attribute.store]: capabilities.type }, held());
  }

  #spawn(worker: number, life: number, events: WorkerEvents): WorkerProcess {
    const { clock, configText } = this.#options;
    const ports = this.#ports;
    const store = this.#stores?.address;
    if (ports === undefined || store === undefined)
      throw new Error("ports and stores are opened before the workers");
    const process = new WorkerProcess({
      clock,
      program: PROGRAM,
      worker,
      start: {
        type: "start",
        replica: workerName(this.#name, worker, life),
        rank: { index: worker, count: this.#options.config.workers },
        store,
        configText,
        reloadedText: this.#reloadedText,
        addresses: { grpc: ports.grpc.address, http: ports.http.address },
      },
      timeoutMs: this.#options.config.workerTimeoutMs,
      events,
    });
    if (this.#isTold) this.#forward(process);
    return process;
  }

  #forward({ output }: WorkerProcess): void {
    const { output: to, onLostLine } = this.#options;
    forwardLines({ from: output, to, onDropped: onLostLine });
  }

  #beginServing(worker: number, process: WorkerProcess): void {
    const { replica, pid, receivers } = process;
    this.#options.log({ event: "worker ready", worker, replica, pid: pid ?? 0 });
    for (const port of PORTS) this.#ports?.[port].join(receivers[port]);
  }

  #tellStart({ grpc, http }: Ports): void {
    const { console, http: ofHttp, workers } = this.#config;
    const address = http.address;
    this.#options.log({
      event: "listening",
      grpc: addressText(grpc.address),
      http: addressText(address),
      ...(this.#metrics && { metrics: addressText(this.#metrics.address) }),
      ...(console.enabled && { console: consoleUrl(address, ofHttp.tls !== undefined) }),
      replica: this.#name,
      version: VERSION,
      worker_count: workers,
    });
    this.#options.flush();
    this.#isTold = true;
  }

  #tellEnd({ worker, process, exitCode, signal, message, replacedInMs }: EndedWorker): void {
    for (const port of PORTS) this.#ports?.[port].leave(process.receivers[port]);
    this.#places.lost(worker);
    if (replacedInMs === undefined) return;
    this.#options.log({
      event: "worker ended",
      worker,
      replica: process.replica,
      ...(exitCode !== undefined && { exit_code: exitCode }),
      ...(signal !== undefined && { signal }),
      ...(message !== undefined && { problem: message }),
      replaced_in_ms: replacedInMs,
    });
  }
}
