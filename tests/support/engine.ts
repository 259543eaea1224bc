import { systemClock } from "../../src/clock.ts";
import { GatewayError } from "../../src/domain/gateway-error.ts";
import type { RetryPolicy, Routing } from "../../src/domain/generation-spec.ts";
import type { ProviderEvent } from "../../src/domain/provider-event.ts";
import { signOfEvent } from "../../src/gateway/sign-of-event.ts";
import {
  toHttpError,
  toTransportError,
  truncatedError,
} from "../../src/providers/shared/http-error.ts";
import { openAiErrorRules } from "../../src/providers/shared/openai-error-rules.ts";
import type { AttemptLimits } from "../../src/reliability/attempt-timers.ts";
import {
  type AttemptPlan,
  type NextAttempt,
  nameOf,
  type RunnableCall,
  type RunningAttempt,
  type Target,
} from "../../src/reliability/engine-call.ts";
import { policyInForce } from "../../src/reliability/policy-in-force.ts";
import { ReliabilityEngine } from "../../src/reliability/reliability-engine.ts";
import {
  DEFAULT_SETTINGS,
  type ReliabilitySettings,
} from "../../src/reliability/reliability-settings.ts";
import { TargetStates } from "../../src/reliability/target-states.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { testModel, testRouting } from "./provider-request.ts";

export type Script = (signal: AbortSignal, clock: ManualClock) => AsyncIterable<ProviderEvent>;

const text = (value: string): ProviderEvent => ({ type: "text-delta", partIndex: 0, text: value });
const FINISH: ProviderEvent = { type: "finish", reason: "stop", rawReason: "stop" };

/** An answer of an OpenAI-compatible server, classified by its adapter. */
export function answered(
  status: number,
  headers: Record<string, string> = {},
  body = "",
): GatewayError {
  return toHttpError({ status, headers, body }, openAiErrorRules, systemClock);
}

/** A refused connection: the request was not sent. */
export const refused = (): GatewayError =>
  toTransportError(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), "nothing");

/** An answer that broke before its end marker. */
export const cut = truncatedError;

/** Answers after this many milliseconds. */
export function succeeds(afterMs = 0): Script {
  return async function* (signal, clock) {
    if (afterMs > 0) await clock.sleep(afterMs, signal);
    yield text("a");
    yield FINISH;
  };
}

/** Fails after this many milliseconds, and after content if `content` is given. */
export function fails(error: GatewayError, afterMs = 0, content?: string): Script {
  return async function* (signal, clock) {
    if (content !== undefined) yield text(content);
    if (afterMs > 0) await clock.sleep(afterMs, signal);
    throw error;
  };
}

/** Answers with output in an invalid format: see `accept`. */
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
  readonly model: string;
  readonly at: number;
  readonly plan: AttemptPlan<Target>;
  outcome: string | undefined;
  endedAt: number | undefined;
}

export interface CallOptions {
  readonly caller?: string;
  readonly retry?: Partial<RetryPolicy>;
  readonly routing?: Partial<Routing>;
  readonly stream?: boolean;
  readonly totalMs?: number;
  readonly hedge?: RunnableCall<Target, ProviderEvent>["hedge"];
  readonly limits?: Partial<AttemptLimits>;
  readonly repairs?: boolean;
  readonly unpaid?: RunnableCall<Target, ProviderEvent>["unpaid"];
  readonly canContinue?: (target: Target) => boolean;
  /** Instances of the call's targets; default: all instances of the engine. */
  readonly at?: readonly string[];
  /** Mark of its request; default: each call has its own. */
  readonly mark?: string;
}

export interface EngineCallRun {
  /** End of the call; undefined: success. Settles by the clock. */
  readonly done: Promise<GatewayError | undefined>;
  readonly ended: boolean;
  readonly sent: Sent[];
  readonly skipped: string[];
  readonly recoveries: NextAttempt<Target>[];
  readonly waits: { readonly at: number; readonly ms: number }[];
  readonly decisions: string[];
  cancel(error: GatewayError): void;
}

const NO_LIMITS: AttemptLimits = {
  firstTokenMs: undefined,
  idleMs: undefined,
  attemptMs: undefined,
};

export interface EngineOptions {
  readonly settings?: ReliabilitySettings;
  readonly clock?: ManualClock;
  /** Model of each instance; default: the same model everywhere. */
  readonly models?: readonly string[];
}

/**
 * The engine over these targets. Each attempt takes the next script of its target. A target is named by its
 * instance, or as `instance/model` if an instance has several models.
 */
export function setUpEngine(
  scripts: Readonly<Record<string, Script | readonly Script[]>>,
  { settings = DEFAULT_SETTINGS, clock = createManualClock(), models = [] }: EngineOptions = {},
) {
  const states = new TargetStates(clock, settings);
  const engine = new ReliabilityEngine(clock, states);
  const named = Object.keys(scripts).map((name, index) => {
    const [provider = "", id = models[index] ?? "test-model"] = name.split("/");
    return { name, target: { model: testModel({ provider, id, providerModel: id }) } };
  });
  const targets = named.map(({ target }) => target);
  const used = new Map<string, number>();
  let marks = 0;

  function nextScript(target: Target): Script {
    const name = named.find((each) => each.target === target)?.name ?? "";
    const given = scripts[name] ?? hangs;
    const number = used.get(name) ?? 0;
    used.set(name, number + 1);
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
      recoveries: [] as NextAttempt<Target>[],
      waits: [] as { at: number; ms: number }[],
      decisions: [] as string[],
      cancel: (error: GatewayError) => controller.abort(error),
    };

    function begin(plan: AttemptPlan<Target>): RunningAttempt<ProviderEvent> {
      const { provider, model } = nameOf(plan.target);
      const sent: Sent = {
        provider,
        model,
        at: clock.now(),
        plan,
        outcome: undefined,
        endedAt: undefined,
      };
      run.sent.push(sent);
      const script = nextScript(plan.target);
      let committed = false;
      let isInvalid = false;
      return {
        limits: { ...NO_LIMITS, ...options.limits },
        form: stream ? "streamed" : "whole",
        signOf: signOfEvent,
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
          return undefined;
        },
        isOwnLimit: () => false,
        end(outcome) {
          sent.outcome = outcome;
          sent.endedAt = clock.now();
        },
      };
    }

    const engineCall: RunnableCall<Target, ProviderEvent> = {
      targets: targets.filter(
        ({ model }) => options.at === undefined || options.at.includes(model.provider),
      ),
      policy: policyInForce(
        { retryOn: [], ...options.retry },
        testRouting(options.routing),
        states.settings.retry,
      ),
      caller: options.caller ?? "test",
      form: stream ? "streamed" : "whole",
      repairs: options.repairs ?? false,
      trigger: "initial",
      endsAt: clock.now() + totalMs,
      signal: controller.signal,
      hedge: options.hedge,
      begin,
      skip: (target, { kind, reason }) =>
        void run.skipped.push(`${nameOf(target).provider} ${reason ?? kind}`),
      decided: ({ kind, retried, reason }) =>
        void run.decisions.push(`${kind} ${retried ? "on" : "end"} ${reason}`),
      recover: (next) => void run.recoveries.push(next),
      wait(ms) {
        run.waits.push({ at: clock.now(), ms });
        return () => {};
      },
      unpaid: options.unpaid ?? (() => undefined),
      canContinue: options.canContinue ?? (() => false),
      requestMark: () => options.mark ?? String(++marks),
    };
    const done = engine
      .acquire(engineCall)
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
    state: (provider: string) =>
      states.of({
        provider,
        model: models[Object.keys(scripts).indexOf(provider)] ?? "test-model",
      }),
    call,
  };
}
