// Loaded modules and memory of a running service, read through Node's inspector. Nothing is hooked, and the
// inspector is off until the first question.
import type { ServiceProcess } from "./service.ts";
import { eventually } from "./stack.ts";

/** Environment of a service that can be inspected: the inspector takes a free port. */
export const INSPECTABLE = { NODE_OPTIONS: "--inspect-port=0" };

export interface Loaded {
  /** URLs of all modules of the main thread. */
  readonly modules: readonly string[];
  /** URLs of the other threads. */
  readonly threads: readonly string[];
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: { readonly result?: { readonly value?: unknown } };
  readonly params?: { readonly url?: string; readonly workerInfo?: { readonly url: string } };
}

/** Bytes held by a service after full collections, and its heap limit. */
export interface HeldMemory {
  readonly held: number;
  readonly heapLimit: number;
}

const ADDRESS = /ws:\/\/\S+/;

interface Inspector {
  /** The value of an answer; undefined if it has none. */
  ask(method: string, params?: object): Promise<unknown>;
  close(): void;
}

async function inspect(
  service: ServiceProcess,
  onEvent: (message: Message) => void = () => {},
): Promise<Inspector> {
  service.signal("SIGUSR1");
  await eventually(() => ADDRESS.test(service.errors()));
  const socket = new WebSocket(ADDRESS.exec(service.errors())?.[0] ?? "");
  const opened = Promise.withResolvers<void>();
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("error", () => opened.reject(new Error("no inspector")));
  await opened.promise;
  const answers = new Map<number, (value: unknown) => void>();
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id === undefined) onEvent(message);
    else answers.get(message.id)?.(message.result?.result?.value);
  });
  let asked = 0;
  return {
    ask: (method, params = {}) =>
      new Promise((resolve) => {
        answers.set(++asked, resolve);
        socket.send(JSON.stringify({ id: asked, method, params }));
      }),
    close: () => socket.close(),
  };
}

/** Counts the asynchronous resources that a service makes, by type. */
export interface ResourceCounter {
  /** Numbers since the last call. Names of types are Node's, for example `Timeout`. */
  take(): Promise<Readonly<Record<string, number>>>;
  close(): void;
}

const COUNT_RESOURCES = `(() => {
  const counts = {};
  const { createHook } = process.getBuiltinModule("node:async_hooks");
  createHook({ init: (_, type) => { counts[type] = (counts[type] ?? 0) + 1; } }).enable();
  globalThis.takeCounts = () => {
    const taken = JSON.stringify(counts);
    for (const type in counts) delete counts[type];
    return taken;
  };
})()`;

export async function countResources(service: ServiceProcess): Promise<ResourceCounter> {
  const inspector = await inspect(service);
  await inspector.ask("Runtime.evaluate", { expression: COUNT_RESOURCES });
  return {
    async take() {
      const answer = await inspector.ask("Runtime.evaluate", { expression: "takeCounts()" });
      return JSON.parse(String(answer)) as Readonly<Record<string, number>>;
    },
    close: () => inspector.close(),
  };
}

export async function loadedIn(service: ServiceProcess): Promise<Loaded> {
  const modules: string[] = [];
  const threads: string[] = [];
  const inspector = await inspect(service, ({ method, params }) => {
    if (method === "Debugger.scriptParsed") modules.push(params?.url ?? "");
    if (method === "NodeWorker.attachedToWorker") threads.push(params?.workerInfo?.url ?? "");
  });
  // Existing scripts are reported before the answer.
  await inspector.ask("Debugger.enable");
  await inspector.ask("NodeWorker.enable", { waitForDebuggerOnStart: false });
  inspector.close();
  return { modules, threads };
}

const MEMORY = `(() => {
  const { heapUsed, external } = process.memoryUsage();
  const { heap_size_limit } = process.getBuiltinModule("node:v8").getHeapStatistics();
  return JSON.stringify({ held: heapUsed + external, heapLimit: heap_size_limit });
})()`;

export async function heldBy(service: ServiceProcess): Promise<HeldMemory> {
  const inspector = await inspect(service);
  for (let round = 0; round < 3; round++) await inspector.ask("HeapProfiler.collectGarbage");
  const answer = await inspector.ask("Runtime.evaluate", { expression: MEMORY });
  inspector.close();
  return JSON.parse(String(answer)) as HeldMemory;
}
