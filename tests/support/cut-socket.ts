// A proxy between a client and the socket of a host, whose connections end after a number of bytes.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface CutSocket extends AsyncDisposable {
  readonly path: string;
  readonly connections: number;
  /** Ends all connections now. */
  cut(): void;
}

/** `bytesOf`: bytes in both directions after which each connection ends, by its number from 0. */
export async function startCutSocket(
  target: string,
  bytesOf: (connection: number) => number = () => Number.POSITIVE_INFINITY,
): Promise<CutSocket> {
  const folder = mkdtempSync(join(tmpdir(), "steer-cut-"));
  const path = join(folder, "cut.sock");
  const open = new Set<() => void>();
  let connections = 0;
  const server = createServer((client) => {
    let left = bytesOf(connections++);
    const host = createConnection({ path: target });
    const end = (): void => {
      open.delete(end);
      client.destroy();
      host.destroy();
    };
    open.add(end);
    const pass = (from: Socket, to: Socket): void => {
      from.on("error", end);
      from.on("close", end);
      from.on("data", (chunk: Buffer) => {
        const part = chunk.subarray(0, left);
        left -= part.length;
        if (left > 0) to.write(part);
        // What precedes the cut arrives.
        else to.write(part, end);
      });
    };
    pass(client, host);
    pass(host, client);
  });
  server.listen(path);
  await once(server, "listening");
  return {
    path,
    get connections() {
      return connections;
    },
    cut() {
      for (const end of [...open]) end();
    },
    async [Symbol.asyncDispose]() {
      for (const end of [...open]) end();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
