// A reverse proxy that serves replicas in turn below a path of its own.
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as sendRequest,
} from "node:http";
import type { AddressInfo } from "node:net";

/** A request that the proxy passed on. */
export interface Passed {
  readonly path: string;
  /** Position of the replica. */
  readonly replica: number;
}

export interface PathProxy extends AsyncDisposable {
  /** Address of the proxy with its path, without a slash at the end. */
  readonly url: string;
  readonly passed: readonly Passed[];
  /** Headers that later answers get in place of the service's own. */
  replaceHeaders(headers: Readonly<Record<string, string>>): void;
}

/** Forwards `/PREFIX/…` to `/…` of the services. The `Host` stays that of the browser. */
export async function startPathProxy(
  prefix: string,
  services: readonly string[],
): Promise<PathProxy> {
  const passed: Passed[] = [];
  let replaced: Readonly<Record<string, string>> = {};
  const turns = new Map<string, number>();

  /** Files come from the first replica, and calls of each method from all in turn. */
  function replicaFor(path: string): number {
    if (path.startsWith("/console")) return 0;
    const group = path.includes("GenerationService") ? "generations" : path;
    const turn = turns.get(group) ?? 0;
    turns.set(group, turn + 1);
    return turn % services.length;
  }

  function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const url = incoming.url ?? "";
    if (!url.startsWith(`${prefix}/`)) {
      outgoing.writeHead(404).end("the proxy has nothing here\n");
      return;
    }
    const path = url.slice(prefix.length);
    const replica = replicaFor(path);
    passed.push({ path, replica });
    const { method, headers } = incoming;
    const onward = sendRequest(`${services[replica]}${path}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...replaced });
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  }

  const server = createServer(forward);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    passed,
    replaceHeaders(headers) {
      replaced = headers;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
