// A TCP proxy that reads the HTTP/2 frames of a service, and can hold back data from clients.
import net, { type AddressInfo } from "node:net";

const FRAME_HEADER_BYTES = 9;
const PING = 6;
const GOAWAY = 7;
const ACK = 1;

export interface FrameTap extends AsyncDisposable {
  /** `host:port` to connect to. */
  readonly address: string;
  /** For each connection, the service's frames in order: `ping`, and `goaway` with its last stream id. */
  readonly signs: readonly string[][];
  /** Bytes from the service. */
  readonly bytes: () => number;
  /** Holds back data from clients from now on. */
  hold(): void;
  /** Delivers the held data; later data passes. */
  release(): void;
}

/** Extracts whole frames from chunks. */
export function frameReader(onFrame: (type: number, flags: number, payload: Buffer) => void) {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk: Buffer): void => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= FRAME_HEADER_BYTES) {
      const end = FRAME_HEADER_BYTES + rest.readUIntBE(0, 3);
      if (rest.length < end) return;
      onFrame(rest.readUInt8(3), rest.readUInt8(4), rest.subarray(FRAME_HEADER_BYTES, end));
      rest = rest.subarray(end);
    }
  };
}

/** Forwards to `host:port`. */
export async function startFrameTap(target: string): Promise<FrameTap> {
  const [host = "", port = ""] = target.split(":");
  const signs: string[][] = [];
  const sockets = new Set<net.Socket>();
  let bytes = 0;
  let isHeld = false;
  let held: (() => void)[] = [];

  const server = net.createServer((client) => {
    const service = net.connect(Number(port), host);
    const own: string[] = [];
    signs.push(own);
    const read = frameReader((type, flags, payload) => {
      if (type === GOAWAY) own.push(`goaway ${payload.readUInt32BE(0)}`);
      if (type === PING && (flags & ACK) === 0) own.push("ping");
    });
    for (const [socket, other] of [
      [client, service],
      [service, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => {
      const send = (): void => void service.write(chunk);
      if (isHeld) held.push(send);
      else send();
    });
    service.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      read(chunk);
      client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    signs,
    bytes: () => bytes,
    hold() {
      isHeld = true;
    },
    release() {
      isHeld = false;
      for (const send of held) send();
      held = [];
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
