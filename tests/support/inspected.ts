// What a running service has loaded, asked of the process itself by Node's inspector:
// nothing is hooked, and the inspector is off until the first question.
import type { ServiceProcess } from "./service.ts";
import { eventually } from "./stack.ts";

/** Environment of a service that can be asked: the inspector takes a free port. */
export const INSPECTABLE = { NODE_OPTIONS: "--inspect-port=0" };

export interface Loaded {
  /** URLs of all modules of the main thread. */
  readonly modules: readonly string[];
  /** URLs of the threads beside it. */
  readonly threads: readonly string[];
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly url?: string; readonly workerInfo?: { readonly url: string } };
}

const ADDRESS = /ws:\/\/\S+/;

export async function loadedIn(service: ServiceProcess): Promise<Loaded> {
  service.signal("SIGUSR1");
  await eventually(() => ADDRESS.test(service.errors()));
  const socket = new WebSocket(ADDRESS.exec(service.errors())?.[0] ?? "");
  const opened = Promise.withResolvers<void>();
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("error", () => opened.reject(new Error("no inspector")));
  await opened.promise;
  const modules: string[] = [];
  const threads: string[] = [];
  const answers = new Map<number, () => void>();
  socket.addEventListener("message", ({ data }) => {
    const { id, method, params } = JSON.parse(String(data)) as Message;
    if (id !== undefined) answers.get(id)?.();
    if (method === "Debugger.scriptParsed") modules.push(params?.url ?? "");
    if (method === "NodeWorker.attachedToWorker") threads.push(params?.workerInfo?.url ?? "");
  });
  const ask = (id: number, method: string, params: object = {}): Promise<void> =>
    new Promise((resolve) => {
      answers.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
    });
  // What is there already is told of before the answer.
  await ask(1, "Debugger.enable");
  await ask(2, "NodeWorker.enable", { waitForDebuggerOnStart: false });
  socket.close();
  return { modules, threads };
}
