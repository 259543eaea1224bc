// The provider of a simulation: its text is a function of the request and the
// index, its events are cut differently every time, and it fails as providers do.
import { type ErrorKind, GatewayError } from "../../src/domain/gateway-error.ts";
import type { GenerationSpec } from "../../src/domain/generation-spec.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { type History, token } from "../support/history.ts";
import type { Scheduler, SimulatedProcess } from "./scheduler.ts";
import { runningIn } from "./watched-runs.ts";

/** What a request asks for stands in its message: the key and the number of tokens. */
export function promptOf(key: string, tokens: number): string {
  return `${key} ${tokens}`;
}

function textOf(spec: GenerationSpec, position: number): string {
  const part = spec.messages.at(position)?.parts[0];
  return part?.type === "text" ? part.text : "";
}

type Plan =
  | { readonly fault: "none" }
  | { readonly fault: "error" | "cut" | "stall"; readonly after: number };

const EARLY: readonly [ErrorKind, ...ErrorKind[]] = [
  "rate-limit",
  "server-error",
  "provider-overloaded",
  "network",
];

export class ProviderWorld {
  /** Share of calls that go wrong. */
  faults = 0;
  calls = 0;
  readonly counts = new Map<string, number>();
  readonly #open = new Map<
    number,
    { readonly caller: SimulatedProcess; readonly key: string; readonly run: number }
  >();
  readonly #scheduler: Scheduler;
  readonly #history: History;

  constructor(scheduler: Scheduler, history: History) {
    this.#scheduler = scheduler;
    this.#history = history;
  }

  #plan(tokens: number, stream: boolean): Plan {
    const { dice } = this.#scheduler;
    if (!dice.chance(this.faults)) return { fault: "none" };
    // Only the total limit ends a whole answer that does not come.
    const fault = dice.pick(["error", "error", "cut", stream ? "stall" : "cut"] as const);
    this.counts.set(`provider ${fault}`, (this.counts.get(`provider ${fault}`) ?? 0) + 1);
    const after = fault === "error" && dice.chance(0.5) ? 0 : dice.whole(0, tokens - 1);
    return { fault, after };
  }

  /** The calls of a replica that is gone end with it. */
  hangUp(process: SimulatedProcess): void {
    for (const [call, { caller }] of this.#open) if (caller === process) this.#close(call);
  }

  #close(call: number): void {
    const known = this.#open.get(call);
    if (known === undefined) return;
    this.#open.delete(call);
    const { key, run } = known;
    this.#history.add({ type: "call", phase: "closed", call, key, run });
  }

  /** The provider as one replica reaches it. */
  view(process: SimulatedProcess): Provider {
    const { dice } = this.#scheduler;
    const history = this.#history;
    const { clock } = process;
    const world = this;
    return {
      async *generate({ spec, continues, stream }, signal) {
        const [key = "", count = "0"] = textOf(spec, continues ? -2 : -1).split(" ");
        const tokens = Number(count);
        const call = ++world.calls;
        const plan = world.#plan(tokens, stream);
        const run = runningIn.getStore() ?? 0;
        world.#open.set(call, { caller: process, key, run });
        history.add({ type: "call", phase: "opened", call, key, run });
        try {
          let next = 0;
          let prefix = "";
          if (continues) {
            next = Number(/:(\d+)>$/.exec(textOf(spec, -1))?.[1] ?? -1) + 1;
            // What was sent ends without its last space.
            prefix = " ";
          }
          const gapMs = dice.between(5, dice.chance(0.2) ? 800 : 120);
          await clock.sleep(dice.between(5, 200), signal);
          while (next < tokens) {
            if (plan.fault !== "none" && next >= plan.after) {
              if (plan.fault === "stall") await clock.sleep(1e9, signal);
              if (plan.fault === "cut") throw new GatewayError("truncated", "cut off");
              throw new GatewayError(next === 0 ? dice.pick(EARLY) : "server-error", "simulated");
            }
            const upTo = Math.min(tokens, next + dice.pick([1, 1, 1, 2, 3] as const));
            let text = prefix;
            prefix = "";
            for (; next < upTo; next++) text += token(key, next);
            yield { type: "text-delta", partIndex: 0, text };
            await clock.sleep(dice.between(0.2, 1.8) * gapMs, signal);
          }
          yield { type: "part-end", partIndex: 0 };
          yield { type: "usage", counts: { inputTokens: 3, outputTokens: tokens } };
          yield { type: "finish", reason: "stop", rawReason: "stop" };
        } finally {
          world.#close(call);
        }
      },
      close: async () => {},
    };
  }
}
