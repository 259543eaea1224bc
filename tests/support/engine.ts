import { systemClock } from "../../src/clock.ts";
import { GatewayError } from "../../src/domain/gateway-error.ts";
import type { RetryPolicy, Routing } from "../../src/domain/generation-spec.ts";
import type { ProviderEvent } from "../../src/domain/provider-event.ts";
import { errorRules } from "../../src/providers/openai/errors.ts";
import {
  toHttpError,
  toTransportError,
  truncatedError,
} from "../../src/providers/shared/http-error.ts";
import { ReliabilityEngine } from "../../src/reliability/attempts.ts";
import {
  type AttemptPlan,
  type EngineCall,
  nameOf,
  type Recovery,
  type RunningAttempt,
  type Target,
} from "../../src/reliability/engine-call.ts";
import { policyInForce } from "../../src/reliability/retry-policy.ts";
import { DEFAULT_SETTINGS, type ReliabilitySettings } from "../../src/reliability/settings.ts";
import { TargetStates } from "../../src/reliability/target-states.ts";
import type { AttemptLimits } from "../../src/reliability/timeouts.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { testModel, testRouting } from "./provider-request.ts";

export type Script = (signal: AbortSignal, clock: ManualClock) => AsyncIterable<ProviderEvent>;

const text = (value: string): ProviderEvent => ({ type: "text-delta", partIndex: 0, text: value });
const FINISH: ProviderEvent = { type: "finish", reason: "stop", rawReason: "stop" };

/** An answer of an OpenAI-compatible server, as its adapter classifies it. */
export function answered(
  status: number,
  headers: Record<string, string> = {},
  body = "",
): GatewayError {
  return toHttpError(status, headers, body, errorRules, systemClock);
}

/** A connection that was refused: the request never left. */
export const refused = (): GatewayError =>
  toTransportError(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), "nothing");

/** An answer that broke off without its end marker. */
export const cut = truncatedError;

/** Answers after so many milliseconds. */
export function succeeds(afterMs = 0): Script {
  return async function* (signal, clock) {
    if (afterMs > 0) await clock.sleep(afterMs, signal);
    yield text("a");
    yield FINISH;
  };
}

/** Fails after so many milliseconds, and after content where `content` is given. */
export function fails(error: GatewayError, afterMs = 0, content?: string): Script {
  return async function* (signal, clock) {
    if (content !== undefined) yield text(content);
    if (afterMs > 0) await clock.sleep(afterMs, signal);
    throw error;
  };
}

/** Answers with output that lacks its format: see `accept`. */
export const answersInvalid: Script = async function* () {
  yield text("a");
  yield { ...FINISH, rawReason: "invalid" };
};

/** Never answers. */
export const hangs: Script = async function* (signal, clock) {
  await clock.sleep(1e9, signal);
  yield FINISH;
};

export interface Sent {
  readonly provider: string;
  readonly at: number;
  readonly plan: AttemptPlan<Target>;
  outcome: string | undefined;
  endedAt: number | undefined;
}

export interface CallOptions {
  readonly retry?: Partial<RetryPolicy>;
  readonly routing?: Partial<Routing>;
  readonly stream?: boolean;
  readonly totalMs?: number;
  readonly hedge?: EngineCall<Target>["hedge"];
  readonly limits?: Partial<AttemptLimits>;
  readonly repairs?: boolean;
  readonly unpaid?: EngineCall<Target>["unpaid"];
  readonly canContinue?: (target: Target) => boolean;
  /** Instances of the call's targets; default: all of the engine's. */
  readonly at?: readonly string[];
}

export interface EngineCallRun {
  /** How the call ended: undefined for success. Settles by the clock. */
  readonly done: Promise<GatewayError | undefined>;
  readonly ended: boolean;
  readonly sent: Sent[];
  readonly skipped: string[];
  readonly recoveries: Recovery<Target>[];
  readonly waits: { readonly at: number; readonly ms: number }[];
  readonly decisions: string[];
  cancel(error: GatewayError): void;
}

const NO_LIMITS: AttemptLimits = {
  firstTokenMs: undefined,
  idleMs: undefined,
  attemptMs: undefined,
};

/** The engine over targets of these instances; each attempt takes the next script of its instance. */
export function setUpEngine(
  scripts: Readonly<Record<string, Script | readonly Script[]>>,
  settings: ReliabilitySettings = DEFAULT_SETTINGS,
  clock: ManualClock = createManualClock(),
) {
  const states = new TargetStates(clock, settings);
  const engine = new ReliabilityEngine(clock, states);
  const targets = Object.keys(scripts).map((provider) => ({ model: testModel({ provider }) }));
  const used = new Map<string, number>();

  function nextScript(provider: string): Script {
    const given = scripts[provider] ?? hangs;
    const number = used.get(provider) ?? 0;
    used.set(provider, number + 1);
    const script = typeof given === "function" ? given : given[Math.min(number, given.length - 1)];
    return script ?? hangs;
  }

  function call(options: CallOptions = {}): EngineCallRun {
    const controller = new AbortController();
    const { stream = true, totalMs = 600_000 } = options;
    const run = {
      ended: false,
      sent: [] as Sent[],
      skipped: [] as string[],
      recoveries: [] as Recovery<Target>[],
      waits: [] as { at: number; ms: number }[],
      decisions: [] as string[],
      cancel: (error: GatewayError) => controller.abort(error),
    };

    function begin(plan: AttemptPlan<Target>): RunningAttempt {
      const { provider } = nameOf(plan.target);
      const sent: Sent = {
        provider,
        at: clock.now(),
        plan,
        outcome: undefined,
        endedAt: undefined,
      };
      run.sent.push(sent);
      const script = nextScript(provider);
      let committed = false;
      let isInvalid = false;
      return {
        limits: { ...NO_LIMITS, ...options.limits },
        open: (signal) => script(signal, clock),
        take(event, _now, content) {
          committed ||= content && stream;
          isInvalid ||= event.type === "finish" && event.rawReason === "invalid";
          return undefined;
        },
        isDraining: () => false,
        isCommitted: () => committed,
        accept() {
          if (isInvalid) throw new GatewayError("invalid-output", "test");
        },
        isOwnLimit: () => false,
        end(outcome) {
          sent.outcome = outcome;
          sent.endedAt = clock.now();
        },
      };
    }

    const engineCall: EngineCall<Target> = {
      targets: targets.filter(
        ({ model }) => options.at === undefined || options.at.includes(model.provider),
      ),
      policy: policyInForce(
        { retryOn: [], ...options.retry },
        testRouting(options.routing),
        states.settings.retry,
      ),
      stream,
      repairs: options.repairs ?? false,
      trigger: "initial",
      endsAt: clock.now() + totalMs,
      signal: controller.signal,
      hedge: options.hedge,
      begin,
      skip: (target, { kind }) => void run.skipped.push(`${nameOf(target).provider} ${kind}`),
      decided: ({ kind, retried, reason }) =>
        void run.decisions.push(`${kind} ${retried ? "on" : "end"} ${reason}`),
      recover: (recovery) => void run.recoveries.push(recovery),
      wait(ms) {
        run.waits.push({ at: clock.now(), ms });
        return () => {};
      },
      unpaid: options.unpaid ?? (() => undefined),
      canContinue: options.canContinue ?? (() => false),
    };
    const done = engine
      .admit(engineCall)
      .then((grant) => engine.run(engineCall, grant))
      .then(
        () => undefined,
        (error: unknown) => error as GatewayError,
      )
      .finally(() => {
        run.ended = true;
      });
    return Object.assign(run, { done });
  }

  return {
    clock,
    engine,
    states,
    state: (provider: string) => states.of({ provider, model: "test-model" }),
    call,
  };
}
