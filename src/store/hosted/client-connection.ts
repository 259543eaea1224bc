import { createConnection, type Socket } from "node:net";
import { OTHER } from "../store-trouble.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { ANY_CALL, type CallCodec } from "./codec.ts";
import { type Frame, FrameReader, MalformedFrame } from "./frames.ts";
import { Outbox } from "./outbox.ts";
import { errorOf, type Failure, type Hello, KIND, PROTOCOL } from "./protocol.ts";

/** Bytes and calls that may wait for the host. Further calls are refused. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;
const MOST_CALLS = 100_000;

export interface HostedCall {
  /** Index of the method at the host. */
  readonly method: number;
  readonly codec: CallCodec;
  readonly args: readonly unknown[];
}

interface Waiting {
  /** Counts the calls of the connection. */
  readonly count: number;
  readonly codec: HostedCall["codec"];
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export interface ConnectionEvents {
  /** Called with the host's first frame, before any other. Throws if the host cannot be used. */
  readonly onHello: (protocol: number, hello: Hello) => void;
  readonly onPush: (service: number, frame: Frame) => void;
  /** Called once, after all waiting calls were rejected. */
  readonly onEnd: (why: Error) => void;
}

/** One connection to the host, from its beginning to its end. */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #outbox: Outbox;
  readonly #reader = new FrameReader();
  readonly #waiting = new Map<number, Waiting>();
  readonly #idle: (() => void)[] = [];
  #count = 0;
  /** Calls up to this one were given to the system. */
  #sent = 0;
  #hasHello = false;
  #isEnded = false;

  constructor(path: string, events: ConnectionEvents) {
    this.#events = events;
    this.#socket = createConnection({ path });
    this.#outbox = new Outbox(this.#socket, {
      onSend: () => {
        this.#sent = this.#count;
      },
    });
    const lost = new Error("the host of the stores closed the connection");
    this.#socket.on("data", (chunk) => this.#receive(chunk));
    this.#socket.once("error", (error) => this.end(error));
    this.#socket.once("end", () => this.end(lost));
    this.#socket.once("close", () => this.end(lost));
  }

  /** Rejects with `StoreUnavailable`. */
  call({ method, codec, args }: HostedCall): Promise<unknown> {
    if (this.#waiting.size >= MOST_CALLS || this.#outbox.waiting >= MOST_WAITING_BYTES) {
      const message = "too much waits for the host of the stores";
      return Promise.reject(new StoreUnavailable("not-applied", message));
    }
    // The number is 32 bits wide: no call waits while so many others begin.
    const count = this.#count + 1;
    const number = count >>> 0;
    try {
      this.#outbox.frames.frame(KIND.call, number, (to) => {
        to.u16(method);
        codec.args.write(to, args);
      });
    } catch (error) {
      const message = `the call cannot be sent to the host of the stores: ${textOf(error)}`;
      return Promise.reject(new StoreUnavailable("not-applied", message, OTHER, error));
    }
    this.#count = count;
    this.#outbox.wake();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(number, { count, codec, resolve, reject });
    return promise;
  }

  /** Resolves when no call waits. */
  get idle(): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => void this.#idle.push(resolve));
  }

  end(why: Error): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#outbox.end();
    this.#socket.destroy();
    const abandoned = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { count, reject } of abandoned) {
      const outcome = count <= this.#sent ? "unknown" : "not-applied";
      const message = `the connection to the host of the stores ended: ${why.message}`;
      reject(new StoreUnavailable(outcome, message, OTHER, why));
    }
    this.#rest();
    this.#events.onEnd(why);
  }

  #rest(): void {
    if (this.#waiting.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #receive(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
      while (!this.#isEnded) {
        const frame = this.#reader.next();
        if (frame === undefined) break;
        this.#take(frame);
      }
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)));
    }
    this.#rest();
  }

  #take(frame: Frame): void {
    const kind = frame.u8();
    const number = frame.u32();
    if (!this.#hasHello) {
      if (kind !== KIND.hello) throw new MalformedFrame("the host did not begin with a hello");
      this.#hasHello = true;
      // Another version can have written the content in another form.
      const hello = number === PROTOCOL ? (ANY_CALL.answer.read(frame) as Hello) : NO_HELLO;
      return this.#events.onHello(number, hello);
    }
    switch (kind) {
      case KIND.answer: {
        const { codec, resolve } = this.#answered(number);
        return resolve(codec.answer.read(frame));
      }
      case KIND.failure: {
        const { reject } = this.#answered(number);
        return reject(errorOf(ANY_CALL.answer.read(frame) as Failure));
      }
      case KIND.push:
        return this.#events.onPush(number, frame);
      default:
        throw new MalformedFrame(`the host sent a frame of the kind ${kind}`);
    }
  }

  #answered(number: number): Waiting {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) throw new MalformedFrame(`the host answered no call: ${number}`);
    this.#waiting.delete(number);
    return waiting;
  }
}

const NO_HELLO: Hello = {
  capabilities: { type: "memory", isShared: true, durability: "process" },
  services: [],
};

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
