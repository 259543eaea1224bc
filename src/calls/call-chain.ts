import type { Caller } from "../domain/caller.ts";
import { describeDefect, internalError } from "../domain/defect.ts";
import { errorRow } from "../domain/error-table.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { Log } from "../domain/log-line.ts";
import { LEFT, PushIterable, pushItemsTo } from "../domain/push-iterable.ts";
import { ToldFailure } from "../domain/told-failure.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { Call, CallHead } from "./call.ts";
import { type CallFields, callFields } from "./call-fields.ts";
import type { HandlerCall } from "./handler-call.ts";
import type { Admission, CallEnd, Interceptor, ObservedCall } from "./interceptor.ts";

export interface CallChainOptions<Refusal extends Error> {
  readonly interceptors: readonly Interceptor[];
  readonly log: Log;
  /**
   * Converts an error into the answer for callers at this door. If it throws, the caller gets an internal error.
   */
  readonly toRefusal: (error: unknown) => Refusal;
}

/** A call of a known caller, before its request is read. */
export interface Identified<Refusal extends Error> {
  readonly caller: Caller;
  /** Reports the call as refused. */
  refuse(error: unknown): Refusal;
  /** Runs the rest of the checks that can refuse the call. Throws `Refusal`. */
  check(): void;
}

const NO_TELEMETRY: CallTelemetry = { end: () => {} };

/**
 * The interceptors around the calls of one door. `Refusal` is the error type from which the door makes its answer.
 */
export class CallChain<Refusal extends Error> {
  readonly #options: CallChainOptions<Refusal>;

  constructor(options: CallChainOptions<Refusal>) {
    this.#options = options;
  }

  /** Runs the checks of a call until its caller is known. Throws `Refusal`. */
  identify(head: CallHead): Identified<Refusal> {
    const admission: Admission = { caller: undefined, fields: {} };
    const checks = this.#options.interceptors.values();
    const refuse = (error: unknown): Refusal => {
      const report = new CallReport(head, admission.fields, this.#options);
      return report.end(error) ?? this.#options.toRefusal(error);
    };
    const check = (isDone: () => boolean): void => {
      try {
        // An iterator of an array, so that the second loop goes on where the first one ends.
        while (!isDone()) {
          const { value, done } = checks.next();
          if (done === true) break;
          value.admit?.(head, admission);
        }
      } catch (error) {
        throw refuse(error);
      }
    };
    check(() => admission.caller !== undefined);
    const { caller } = admission;
    if (caller === undefined) throw refuse(new Error("no interceptor has identified the caller"));
    return { caller, refuse, check: () => check(() => false) };
  }

  /** Begins a call whose request is complete. Throws `Refusal`. */
  begin(call: Call): RunningCall<Refusal> {
    const running = new RunningCall(call, this.#options);
    running.accept(this.#options.interceptors);
    return running;
  }
}

/** Notifies the interceptors that observe a call. */
class CallReport<Refusal extends Error> {
  readonly observed: ObservedCall;
  readonly #options: CallChainOptions<Refusal>;
  readonly #ends: ((end: CallEnd) => void)[] = [];

  constructor(
    { operation, system, header }: Pick<CallHead, "operation" | "system" | "header">,
    fields: CallFields,
    options: CallChainOptions<Refusal>,
  ) {
    this.#options = options;
    this.observed = { operation, system, header, fields, telemetry: NO_TELEMETRY };
    for (const interceptor of options.interceptors) {
      const end = interceptor.observe?.(this.observed);
      if (end !== undefined) this.#ends.push(end);
    }
  }

  /**
   * Notifies the interceptors of the end of the call. An error thrown by an interceptor does not change the end.
   */
  end(thrown: unknown): Refusal | undefined {
    const { error, refusal } = this.#refusalOf(thrown);
    const cause = error instanceof ToldFailure ? error.error : error;
    const end = { code: codeOf(cause), error, cause };
    for (const tell of this.#ends.toReversed()) {
      try {
        tell(end);
      } catch (defect) {
        const method = this.observed.operation.name;
        this.#options.log({ event: "defect", method, ...describeDefect(defect) });
      }
    }
    return refusal;
  }

  #refusalOf(thrown: unknown): Pick<CallEnd, "error"> & { readonly refusal: Refusal | undefined } {
    if (thrown === undefined) return { error: undefined, refusal: undefined };
    try {
      return { error: thrown, refusal: this.#options.toRefusal(thrown) };
    } catch (defect) {
      const error = internalError(defect);
      return { error, refusal: this.#options.toRefusal(error) };
    }
  }
}

function codeOf(cause: unknown): string {
  if (cause === undefined) return "OK";
  return cause instanceof GatewayError ? errorRow(cause.kind, cause.reason).code : "INTERNAL";
}

/** One call from its beginning to its log line. */
export class RunningCall<Refusal extends Error> {
  readonly #call: Call;
  readonly #log: Log;
  readonly #report: CallReport<Refusal>;
  readonly #releases: (() => void)[] = [];
  #ended: GatewayError | undefined;
  #isOver = false;

  constructor(call: Call, options: CallChainOptions<Refusal>) {
    this.#call = call;
    this.#log = options.log;
    this.#report = new CallReport(call, { caller: call.caller.id }, options);
  }

  /** Throws `Refusal`. */
  accept(interceptors: readonly Interceptor[]): void {
    const end = (error: GatewayError): void => {
      this.#ended = error;
      this.#call.abort(error);
    };
    try {
      for (const interceptor of interceptors) {
        const release = interceptor.accept?.(this.#call, end);
        if (release !== undefined) this.#releases.push(release);
      }
    } catch (error) {
      throw this.finish(error);
    }
  }

  /** Adds fields to the call's line in the log. */
  log(fields: CallFields): void {
    Object.assign(this.#report.observed.fields, fields);
  }

  /** Throws the error with which the service has ended the call, if any. */
  throwIfEnded(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  handlerCall(): HandlerCall {
    const { caller, signal, timeoutMs, header, setResponseHeader, setTrailer } = this.#call;
    const { fields, telemetry } = this.#report.observed;
    return {
      caller,
      signal,
      timeoutMs,
      telemetry,
      header,
      setResponseHeader,
      setTrailer,
      log: (more) => this.log(more),
      generationEnded: (line) => {
        if (!this.#isOver) return;
        const about = { caller: caller.id, ...callFields(fields) };
        this.#log({ event: "generation", ...about, ...line() });
      },
    };
  }

  /** Ends the call. `thrown` undefined: the call succeeded. */
  finish(thrown: unknown): Refusal | undefined {
    this.#isOver = true;
    for (const release of this.#releases) release();
    return this.#report.end(thrown === undefined ? undefined : (this.#ended ?? thrown));
  }

  /** Runs a unary operation to the end of the call. Rejects with `Refusal`. */
  async unary<Answer>(work: (call: HandlerCall) => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await work(this.handlerCall());
      this.finish(undefined);
      return answer;
    } catch (error) {
      throw this.finish(error);
    }
  }

  /** Runs a streaming operation to the end of the call. Throws `Refusal`. */
  serverStream<Event>(
    work: (call: HandlerCall) => Promise<AsyncIterable<Event>>,
  ): PushIterable<Event> {
    return new PushIterable(async (take) => {
      try {
        await pushItemsTo(await work(this.handlerCall()), take);
      } catch (error) {
        if (error !== LEFT) throw this.finish(error);
        // The listener has stopped reading, so the caller is gone.
        this.finish(new GatewayError("cancelled", "the caller left the stream"));
        throw error;
      }
      this.finish(undefined);
    });
  }
}
