// Points at which a gateway under test can be made to die or to wait. Only the
// entry point of the harness uses them: nothing in `src/` knows of them.
import type { encodeEvent } from "../../../src/rpc/encode-event.ts";
import type { StreamStore } from "../../../src/streams/stream-store.ts";

/** Around a call to the store; `terminal` is the append that ends a stream. */
export type HookPoint =
  | `${"create" | "append" | "terminal" | "claim"}.${"before" | "after"}`
  /** The request of a generation leaves for its provider. */
  | "provider.before"
  /** The first delta of a generation's text is encoded. */
  | "encode.delta"
  /** The last event of a generation is encoded. */
  | "encode.end";

export interface Hook {
  readonly id: string;
  readonly at: HookPoint;
  /** Streams whose `request_id` begins like this. */
  readonly request: string;
  /** The first, the second … time. */
  readonly nth: number;
  /** `kill`: as by `kill -9`; `wait`: until it is released, 4 s at most; `throw`: a defect, at once. */
  readonly action: "kill" | "wait" | "throw";
  /** It goes on striking, each time anew the `nth` time after the last, and outlives the process. */
  readonly isLasting?: boolean;
}

/** What the harness tells a gateway. */
export type Order =
  | { readonly type: "hook"; readonly hook: Hook }
  | { readonly type: "release"; readonly id: string }
  /** Moves the clock of the day. */
  | { readonly type: "jump"; readonly ms: number }
  /** Holds the event loop. */
  | { readonly type: "block"; readonly ms: number }
  | { readonly type: "figures" };

/** What a gateway tells the harness. */
export type Report =
  | { readonly type: "armed" | "hit"; readonly id: string }
  /** Milliseconds from an append to its acknowledgement. */
  | { readonly type: "figures"; readonly appends: readonly number[] };

interface ArmedHook extends Hook {
  seen: number;
}

const MAX_WAIT_MS = 4_000;
const MAX_FIGURES = 20_000;

export class Hooks {
  readonly #armed: ArmedHook[] = [];
  readonly #waiting = new Map<string, () => void>();
  readonly #requests = new Map<string, string>();
  readonly #report: (report: Report) => void;
  readonly #appends: number[] = [];

  constructor(report: (report: Report) => void) {
    this.#report = report;
  }

  arm(hook: Hook): void {
    this.#armed.push({ ...hook, seen: 0 });
  }

  release(id: string): void {
    this.#waiting.get(id)?.();
    this.#waiting.delete(id);
  }

  takeFigures(): readonly number[] {
    return this.#appends.splice(0);
  }

  /** The hook that strikes now. */
  due(at: HookPoint, request: string): Hook | undefined {
    const position = this.#armed.findIndex(
      (hook) => hook.at === at && request.startsWith(hook.request),
    );
    const hook = this.#armed[position];
    if (hook === undefined || ++hook.seen < hook.nth) return undefined;
    if (hook.isLasting === true) hook.seen = 0;
    else this.#armed.splice(position, 1);
    return hook;
  }

  async strike({ id, action }: Hook): Promise<void> {
    if (action === "kill") process.kill(process.pid, "SIGKILL");
    this.#report({ type: "hit", id });
    if (action === "throw") throw new TypeError("a defect that a hook has put in");
    await new Promise<void>((resolve) => {
      this.#waiting.set(id, resolve);
      // Whoever was to release it may be gone.
      setTimeout(resolve, MAX_WAIT_MS);
    });
  }

  /** The encoder of events, with the defects that hooks put in. */
  encoder(encode: typeof encodeEvent): typeof encodeEvent {
    return (event, writer) => {
      const { body } = event;
      // The texts of the scripted provider name their request.
      if (body.type === "text-delta") {
        const request = /^<([^<>]*):\d+> /.exec(body.text)?.[1];
        if (request !== undefined) this.#throwAt("encode.delta", request);
      } else if (body.type === "complete") {
        const request = /^<([^<>]*):\d+> /.exec(body.generation.outputText)?.[1];
        if (request !== undefined) this.#throwAt("encode.end", request);
      }
      return encode(event, writer);
    };
  }

  #throwAt(point: HookPoint, request: string): void {
    const hook = this.due(point, request);
    if (hook?.action !== "throw") return;
    this.#report({ type: "hit", id: hook.id });
    throw new TypeError("a defect that a hook has put in");
  }

  /** An answer that is no promise stays one as long as no hook is near. */
  #around<T>(
    point: "create" | "append" | "terminal" | "claim",
    request: string,
    act: () => T | Promise<T>,
  ): T | Promise<T> {
    const before = this.due(`${point}.before`, request);
    const after = this.due(`${point}.after`, request);
    if (before === undefined && after === undefined) return act();
    return (async () => {
      if (before !== undefined) await this.strike(before);
      const answer = await act();
      if (after !== undefined) await this.strike(after);
      return answer;
    })();
  }

  #timed<T>(act: () => T | Promise<T>): T | Promise<T> {
    const startedAt = performance.now();
    const done = (): void => {
      if (this.#appends.length < MAX_FIGURES) this.#appends.push(performance.now() - startedAt);
    };
    const answer = act();
    if (!(answer instanceof Promise)) done();
    else answer.then(done, () => {});
    return answer;
  }

  /** The store, with hooks before and behind what changes the log. */
  wrap(store: StreamStore): StreamStore {
    const requestOf = (streamId: string): string => this.#requests.get(streamId) ?? "";
    const own: Partial<StreamStore> = {
      create: (stream) => {
        this.#requests.set(stream.streamId, stream.requestId);
        return this.#around("create", stream.requestId, () => store.create(stream));
      },
      append: (append) =>
        this.#around(
          append.ending === undefined ? "append" : "terminal",
          requestOf(append.streamId),
          () => this.#timed(() => store.append(append)),
        ),
      orphans: async (limit) => {
        const orphans = await store.orphans(limit);
        for (const { streamId, requestId } of orphans) this.#requests.set(streamId, requestId);
        return orphans;
      },
      claim: async (streamId, epoch, next) =>
        this.#around("claim", requestOf(streamId), () => store.claim(streamId, epoch, next)),
    };
    return new Proxy(store, {
      get(target, name) {
        const replaced = own[name as keyof StreamStore];
        if (replaced !== undefined) return replaced;
        const value: unknown = target[name as keyof StreamStore];
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }
}
