import type { Socket } from "node:net";
import type { StoreCapabilities } from "../store-engine.ts";
import { ANY_CALL, type CallCodec } from "./codec.ts";
import { type Frame, FrameReader, MalformedFrame } from "./frames.ts";
import type { HostedService, Peer, ServedPeer } from "./hosted-service.ts";
import { Outbox } from "./outbox.ts";
import { type Failure, failureOf, type Hello, KIND, PROTOCOL } from "./protocol.ts";

/** While this many bytes of answers wait, or this many calls run, no further call of the client begins. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;
const MOST_RUNNING = 4_096;
/** While this many bytes wait, messages that no call has asked for are dropped. */
const MOST_BEFORE_PUSH_BYTES = 1024 * 1024;

interface Method {
  readonly codec: CallCodec;
  readonly handler: (...args: readonly unknown[]) => unknown;
}

export interface HostConnectionOptions {
  readonly socket: Socket;
  readonly number: number;
  readonly capabilities: StoreCapabilities;
  readonly services: readonly HostedService[];
  /** `fault`: why the host has ended the connection; undefined: the client has. */
  readonly onEnd: (fault: string | undefined) => void;
}

/** One client of the host. */
export class HostConnection {
  readonly #options: HostConnectionOptions;
  readonly #reader = new FrameReader();
  readonly #outbox: Outbox;
  readonly #served: readonly ServedPeer<Record<string, (...args: never[]) => unknown>>[];
  readonly #methods: Method[] = [];
  #running = 0;
  #isPaused = false;
  #isEnded = false;

  constructor(options: HostConnectionOptions) {
    this.#options = options;
    const { socket, services } = options;
    this.#outbox = new Outbox(socket, { onSent: () => this.#resume() });
    this.#served = services.map((service, index) => service.serve(this.#peer(index)));
    const hello = this.#hello();
    this.#outbox.frames.frame(KIND.hello, PROTOCOL, (to) => ANY_CALL.answer.write(to, hello));
    this.#outbox.wake();
    socket.on("data", (chunk) => {
      this.#reader.push(chunk);
      this.#serve();
    });
    // Everything that has arrived was read before.
    socket.once("end", () => this.end());
    socket.once("error", () => this.end());
    socket.once("close", () => this.end());
  }

  /** Ends the connection and everything that belongs to it. */
  end(fault?: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#outbox.end();
    this.#options.socket.destroy();
    for (const { end } of this.#served) end?.();
    this.#options.onEnd(fault);
  }

  #hello(): Hello {
    const { services, capabilities } = this.#options;
    const offered = this.#served.map(({ calls }, index) => {
      const { name, codecs } = (services[index] as HostedService).shape;
      const methods = Object.keys(calls);
      for (const method of methods) {
        const codec = codecs?.[method] ?? ANY_CALL;
        this.#methods.push({ codec, handler: calls[method] as Method["handler"] });
      }
      return { name, methods };
    });
    return { capabilities: { ...capabilities, isShared: true }, services: offered };
  }

  #peer(service: number): Peer {
    return {
      number: this.#options.number,
      push: (write) => {
        if (this.#isEnded || this.#outbox.waiting > MOST_BEFORE_PUSH_BYTES) return false;
        this.#outbox.frames.frame(KIND.push, service, write);
        this.#outbox.wake();
        return true;
      },
    };
  }

  get #isBusy(): boolean {
    return this.#running >= MOST_RUNNING || this.#outbox.waiting >= MOST_WAITING_BYTES;
  }

  #resume(): void {
    if (!this.#isPaused || this.#isBusy || this.#isEnded) return;
    this.#isPaused = false;
    this.#options.socket.resume();
    this.#serve();
  }

  /** Begins the calls that have arrived, as far as the bounds allow. */
  #serve(): void {
    try {
      while (!this.#isEnded) {
        if (this.#isBusy) {
          this.#isPaused = true;
          this.#options.socket.pause();
          return;
        }
        const frame = this.#reader.next();
        if (frame === undefined) return;
        this.#begin(frame);
      }
    } catch (error) {
      this.end(error instanceof Error ? error.message : String(error));
    }
  }

  /** Throws if the frame is no call of a method of the host. */
  #begin(frame: Frame): void {
    const kind = frame.u8();
    const call = frame.u32();
    if (kind !== KIND.call) throw new MalformedFrame(`a client sent a frame of the kind ${kind}`);
    const index = frame.u16();
    const method = this.#methods[index];
    if (method === undefined) throw new MalformedFrame(`the host has no method ${index}`);
    const args = method.codec.args.read(frame);
    let answer: unknown;
    try {
      answer = method.handler(...args);
    } catch (error) {
      return this.#fail(call, error);
    }
    if (!(answer instanceof Promise)) return this.#answer(call, method, answer);
    this.#running++;
    answer
      .then(
        (value) => this.#answer(call, method, value),
        (error: unknown) => this.#fail(call, error),
      )
      .finally(() => {
        this.#running--;
        this.#resume();
      });
  }

  #answer(call: number, { codec }: Method, value: unknown): void {
    if (this.#isEnded) return;
    try {
      this.#outbox.frames.frame(KIND.answer, call, (to) => codec.answer.write(to, value));
      this.#outbox.wake();
    } catch (error) {
      this.#fail(call, error);
    }
  }

  #fail(call: number, error: unknown): void {
    if (this.#isEnded) return;
    const failure: Failure = failureOf(error);
    this.#outbox.frames.frame(KIND.failure, call, (to) => ANY_CALL.answer.write(to, failure));
    this.#outbox.wake();
  }
}
