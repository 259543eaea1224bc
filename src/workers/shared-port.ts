// A port whose connections go to several workers, each in its turn.
import net, { type Socket } from "node:net";
import { type ListenAddress, type Listening, listen } from "../rpc/listen.ts";

/** Most connections that wait for a worker. More are closed. */
const MAX_WAITING = 1_000;

/** A worker as a port sees it. */
export interface Receiver {
  /**
   * Hands over a connection of which nothing has been read. Resolves with false if the worker does not take the
   * connection, or ends before it says so.
   */
  hand(socket: Socket): Promise<boolean>;
}

/**
 * The primary accepts the connections, so that none of them waits at a worker that ends. A worker gets its next
 * connection when it has taken the last one, so that a busy worker gets fewer.
 */
export class SharedPort {
  readonly address: ListenAddress;
  readonly #listening: Listening;
  readonly #maxWaiting: number;
  /** Accepted connections without a worker, the oldest first. */
  readonly #waiting: Socket[] = [];
  readonly #members = new Set<Receiver>();
  /** Members that can be given a connection, the one whose turn is next first. */
  #idle: Receiver[] = [];
  #isClosing = false;

  private constructor(server: net.Server, listening: Listening, maxWaiting: number) {
    this.#listening = listening;
    this.#maxWaiting = maxWaiting;
    this.address = listening.address;
    server.on("connection", (socket: Socket) => this.#accept(socket));
  }

  /** Listens. If the address cannot be used, the error names it and `what`. */
  static async open(
    wanted: ListenAddress,
    what: string,
    maxWaiting = MAX_WAITING,
  ): Promise<SharedPort> {
    const server = net.createServer({ pauseOnConnect: true });
    return new SharedPort(server, await listen(server, wanted, what), maxWaiting);
  }

  join(receiver: Receiver): void {
    this.#members.add(receiver);
    this.#idle.push(receiver);
    this.#handOver();
  }

  leave(receiver: Receiver): void {
    this.#members.delete(receiver);
    this.#idle = this.#idle.filter((each) => each !== receiver);
    if (this.#isClosing && this.#members.size === 0) this.close();
  }

  /** Closes when the last worker has left. Until then, connections are handed over as before. */
  closeWhenLeft(): void {
    this.#isClosing = true;
    if (this.#members.size === 0) this.close();
  }

  /** Takes no more connections, and closes those that wait. */
  close(): void {
    this.#listening.stop();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
  }

  #accept(socket: Socket): void {
    // A client that leaves while its connection waits.
    socket.on("error", () => socket.destroy());
    if (this.#waiting.length >= this.#maxWaiting) return void socket.destroy();
    this.#waiting.push(socket);
    this.#handOver();
  }

  #handOver(): void {
    while (this.#waiting.length > 0 && this.#idle.length > 0) {
      const socket = this.#waiting.shift();
      if (socket === undefined || socket.destroyed) continue;
      const receiver = this.#idle.shift();
      if (receiver !== undefined) void this.#handTo(receiver, socket);
    }
  }

  async #handTo(receiver: Receiver, socket: Socket): Promise<void> {
    const isTaken = await receiver.hand(socket);
    // The worker has its own descriptor of the connection, so this closes nothing for the client.
    if (isTaken) socket.destroy();
    else this.#waiting.unshift(socket);
    if (this.#members.has(receiver)) this.#idle.push(receiver);
    this.#handOver();
  }
}
