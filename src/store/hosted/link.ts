import type { Clock } from "../../clock.ts";
import { StoreProblem } from "../store-problem.ts";
import { OTHER } from "../store-trouble.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { ClientConnection } from "./client-connection.ts";
import { ANY_CALL } from "./codec.ts";
import type { Frame } from "./frames.ts";
import type { ServiceCalls, ServiceShape } from "./hosted-service.ts";
import { type Hello, PROTOCOL } from "./protocol.ts";

/** Milliseconds until the host's first frame. */
const HELLO_MS = 5_000;
/** Milliseconds between attempts to connect. They double, and have a random part. */
const RECONNECT_MS = { first: 20, most: 1_000 };
/** Milliseconds for outstanding answers at the end. */
const CLOSE_MS = 1_000;

export interface LinkOptions {
  readonly path: string;
  readonly clock: Clock;
}

/** The calls of a service of the host. Rejects with `StoreUnavailable`. */
export interface ServiceLink<C extends ServiceCalls<C>> {
  call<M extends keyof C & string>(
    method: M,
    ...args: Parameters<C[M]>
  ): Promise<Awaited<ReturnType<C[M]>>>;
}

export interface ServiceEvents {
  /** Called with each message that no call has asked for. */
  readonly onPush?: (frame: Frame) => void;
  /** Called at the beginning of every later connection. Calls made in it precede all others. */
  readonly onReconnect?: () => void;
}

interface Service extends ServiceEvents {
  readonly shape: ServiceShape;
  /** Index of each method at the host of this connection. */
  methods: ReadonlyMap<string, number>;
}

type State =
  | { readonly is: "ready"; readonly connection: ClientConnection }
  | { readonly is: "away"; readonly why: Error | undefined };

/** A connection to the host that is reopened until `close`. Without one, calls are refused at once. */
export class Link {
  readonly #options: LinkOptions;
  readonly #services: Service[] = [];
  readonly #ending = new AbortController();
  readonly #run: Promise<void>;
  readonly #first = Promise.withResolvers<Hello>();
  #hello: Hello | undefined;
  #state: State = { is: "away", why: undefined };

  constructor(options: LinkOptions) {
    this.#options = options;
    // Nothing may be waiting for the promise.
    this.#first.promise.catch(() => {});
    this.#run = this.#connect();
  }

  /** The host's first words. Rejects if the first attempt to connect fails. */
  get opened(): Promise<Hello> {
    return this.#first.promise;
  }

  /** A service, which is known by its name. */
  service<C extends ServiceCalls<C>>(
    shape: ServiceShape,
    events: ServiceEvents = {},
  ): ServiceLink<C> {
    const service: Service = { ...events, shape, methods: new Map() };
    if (this.#hello !== undefined) service.methods = methodsOf(this.#hello, shape.name);
    this.#services.push(service);
    return {
      call: <M extends keyof C & string>(method: M, ...args: Parameters<C[M]>) =>
        this.#call(service, method, args) as Promise<Awaited<ReturnType<C[M]>>>,
    };
  }

  /** Waits for outstanding answers, but not long. */
  async close(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#ending;
    const state = this.#state;
    this.#state = { is: "away", why: new Error("it was closed") };
    if (state.is === "ready") {
      await Promise.race([state.connection.idle, clock.sleep(CLOSE_MS, signal).catch(() => {})]);
    }
    this.#ending.abort(new Error("it was closed"));
    await this.#run;
  }

  #call(service: Service, method: string, args: readonly unknown[]): Promise<unknown> {
    const state = this.#state;
    if (state.is === "away") return Promise.reject(offline(state.why));
    const index = service.methods.get(method);
    if (index === undefined) {
      const message = `the host of the stores does not serve ${service.shape.name}.${method}`;
      return Promise.reject(new StoreUnavailable("not-applied", message));
    }
    const codec = service.shape.codecs?.[method] ?? ANY_CALL;
    return state.connection.call({ method: index, codec, args });
  }

  async #connect(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#ending;
    for (let failures = 0; !signal.aborted; failures++) {
      const { why, wasReady } = await this.#serve();
      if (!signal.aborted) this.#state = { is: "away", why };
      this.#first.reject(why);
      if (wasReady) failures = 0;
      const { first, most } = RECONNECT_MS;
      const longest = Math.min(first * 2 ** failures, most);
      // Only the end of the link rejects the sleep.
      await clock.sleep(longest * (0.5 + clock.random() / 2), signal).catch(() => {});
    }
  }

  /** Resolves at the end of one connection. */
  #serve(): Promise<{ readonly why: Error; readonly wasReady: boolean }> {
    const { path, clock } = this.#options;
    const { signal } = this.#ending;
    return new Promise((resolve) => {
      let wasReady = false;
      const connection = new ClientConnection(path, {
        onHello: (protocol, hello) => {
          if (protocol !== PROTOCOL) throw otherVersion(protocol);
          cancel();
          wasReady = true;
          this.#greet(connection, hello);
        },
        onPush: (index, frame) => {
          const name = this.#hello?.services[index]?.name;
          for (const { shape, onPush } of this.#services) {
            if (shape.name === name) onPush?.(frame);
          }
        },
        onEnd: (why) => {
          cancel();
          signal.removeEventListener("abort", onAbort);
          resolve({ why, wasReady });
        },
      });
      const cancel = clock.schedule(HELLO_MS, () =>
        connection.end(new Error(`the host was silent for ${HELLO_MS} ms`)),
      );
      const onAbort = (): void => connection.end(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  #greet(connection: ClientConnection, hello: Hello): void {
    if (this.#ending.signal.aborted) return;
    const isFirst = this.#hello === undefined;
    this.#hello = hello;
    for (const service of this.#services) {
      service.methods = methodsOf(hello, service.shape.name);
    }
    this.#state = { is: "ready", connection };
    if (!isFirst) for (const { onReconnect } of this.#services) onReconnect?.();
    this.#first.resolve(hello);
  }
}

function methodsOf({ services }: Hello, name: string): ReadonlyMap<string, number> {
  let index = 0;
  for (const service of services) {
    if (service.name === name) return new Map(service.methods.map((method) => [method, index++]));
    index += service.methods.length;
  }
  return new Map();
}

function otherVersion(protocol: number): StoreProblem {
  const message = `the host of the stores is of another release (${protocol}, not ${PROTOCOL})`;
  return new StoreProblem("version", true, message);
}

function offline(why: Error | undefined): StoreUnavailable {
  if (why instanceof StoreProblem) return why;
  const message = `no connection to the host of the stores: ${why?.message ?? "not connected yet"}`;
  const { code } = (why ?? {}) as NodeJS.ErrnoException;
  const trouble = code === undefined ? OTHER : ({ cause: "refused", code } as const);
  return new StoreUnavailable("not-applied", message, trouble, why);
}
