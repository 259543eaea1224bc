// A port whose connections go to several workers, each in its turn.
import net, { type Socket } from "node:net";
import { type ListenAddress, type Listening, listen } from "../rpc/listen.ts";

/** Most connections that wait for a worker. More are closed. */
const MAX_WAITING = 1_000;
/** A worker with this many connections that it has not yet taken is busy, and is passed over. */
const MAX_UNTAKEN = 32;

/** A worker as a port sees it. */
export interface Receiver {
  /**
   * Hands over a connection of which nothing has been read. Resolves with false if the worker does not take the
   * connection, or ends before it says so.
   */
  hand(socket: Socket): Promise<boolean>;
}

interface Member {
  readonly receiver: Receiver;
  /** Connections that were handed over and are not yet taken. */
  untaken: number;
}

/**
 * The primary accepts the connections, so that none of them is lost with a worker. The workers get them in turn: gRPC
 * clients have few connections and keep them, so that the shares must be equal.
 */
export class SharedPort {
  readonly address: ListenAddress;
  readonly #listening: Listening;
  readonly #maxWaiting: number;
  /** Accepted connections without a worker, the oldest first. */
  readonly #waiting: Socket[] = [];
  /** The member whose turn is next first. */
  #members: Member[] = [];
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
    this.#members.push({ receiver, untaken: 0 });
    this.#handOver();
  }

  leave(receiver: Receiver): void {
    this.#members = this.#members.filter((member) => member.receiver !== receiver);
    if (this.#isClosing && this.#members.length === 0) this.close();
  }

  /** Closes when the last worker has left. Until then, connections are handed over as before. */
  closeWhenLeft(): void {
    this.#isClosing = true;
    if (this.#members.length === 0) this.close();
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
    while (this.#waiting.length > 0) {
      const turn = this.#members.findIndex(({ untaken }) => untaken < MAX_UNTAKEN);
      const [member] = turn < 0 ? [] : this.#members.splice(turn, 1);
      if (member === undefined) return;
      this.#members.push(member);
      const socket = this.#waiting.shift();
      if (socket?.destroyed === false) void this.#handTo(member, socket);
    }
  }

  async #handTo(member: Member, socket: Socket): Promise<void> {
    member.untaken++;
    const isTaken = await member.receiver.hand(socket);
    member.untaken--;
    // The worker has its own descriptor of the connection, so this closes nothing for the client.
    if (isTaken) socket.destroy();
    else this.#waiting.unshift(socket);
    this.#handOver();
  }
}
