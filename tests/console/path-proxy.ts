// A reverse proxy that serves replicas in turn below a path of its own.
import {
  createServer,
  type IncomingMessage,
  request as sendRequest,
  type ServerResponse,
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
  /** Replaces a text by one of the same length in answers to this method. */
  alter(method: string, from: string, to: string): void;
}

interface Alteration {
  readonly method: string;
  readonly from: Buffer;
  readonly to: Buffer;
}

function altered(chunk: Buffer, { from, to }: Alteration): Buffer {
  const copy = Buffer.from(chunk);
  for (let at = copy.indexOf(from); at >= 0; at = copy.indexOf(from, at + to.length)) {
    to.copy(copy, at);
  }
  return copy;
}

/** Forwards `/PREFIX/…` to `/…` of the services. The `Host` stays that of the browser. */
export async function startPathProxy(
  prefix: string,
  services: readonly string[],
): Promise<PathProxy> {
  const passed: Passed[] = [];
  const alterations: Alteration[] = [];
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
    const alteration = alterations.find(({ method }) => path.endsWith(method));
    const { method, headers } = incoming;
    const onward = sendRequest(`${services[replica]}${path}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on("data", (chunk: Buffer) => {
        outgoing.write(alteration === undefined ? chunk : altered(chunk, alteration));
      });
      answer.on("end", () => outgoing.end());
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
    alter(method, from, to) {
      alterations.push({ method, from: Buffer.from(from), to: Buffer.from(to) });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
