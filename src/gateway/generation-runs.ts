import { GatewayError } from "../domain/gateway-error.ts";
import { LiveList } from "../domain/live-list.ts";
import { RunningCount } from "../domain/running-count.ts";
import type { CallLimits } from "../ports/call-limits.ts";
import { totalLimitMs } from "../reliability/attempt-limits.ts";
import type { UsageSink } from "../usage/usage-sink.ts";
import { UsualOutput } from "../usage/usual-output.ts";
import { boundSpec } from "./bound-spec.ts";
import type { GenerationRun, RunDependencies, RunRequest } from "./generation-run.ts";
import { checkCurrency } from "./pay-for.ts";
import { PreparedRun } from "./prepared-run.ts";

/** The generations that run at this replica. */
export class GenerationRuns {
  readonly #dependencies: RunDependencies;
  readonly #usualOutput = new UsualOutput();
  readonly #running = new LiveList<PreparedRun>();
  readonly #count = new RunningCount();

  constructor(dependencies: RunDependencies) {
    this.#dependencies = dependencies;
  }

  /** Number of running generations, with and without a waiting call. */
  get active(): number {
    return this.#count.active;
  }

  get usage(): UsageSink {
    return this.#dependencies.usage;
  }

  get limits(): CallLimits {
    return this.#dependencies.limits;
  }

  /** Resolves when no generation runs. */
  idle(): Promise<void> {
    return this.#count.idle();
  }

  /** Ends every running generation with this error. */
  abortAll(error: GatewayError): void {
    this.abortOf(() => true, error);
  }

  /** Ends the generations of these callers with this error. */
  abortOf(isMeant: (caller: string) => boolean, error: GatewayError): void {
    for (const run of this.#running.values()) if (isMeant(run.caller)) run.abortAtOnce(error);
  }

  /**
   * Finds a target that takes the generation, within the limits of its caller. Throws `GatewayError` before anything is
   * sent, or `GenerationFailed` if no target took it. `signal` ends only the wait for a target.
   */
  async prepare(request: RunRequest, signal: AbortSignal): Promise<GenerationRun> {
    const deployment = this.#dependencies.deployment();
    const { timeoutMs } = request;
    const limited = this.#dependencies.limits.of(request.caller);
    const { spec, warnings } =
      limited === undefined ? { ...request, warnings: [] } : boundSpec(request.spec, limited);
    const limitMs = totalLimitMs(spec.timeouts, deployment.timeouts, timeoutMs);
    if (limitMs <= 0) {
      throw new GatewayError("total-timeout", "the deadline had passed when the call arrived");
    }
    const route = deployment.route(spec, request.caller);
    const models = route.targets.map(({ model }) => model);
    checkCurrency(request.spec, models);
    for (const { model, options } of route.targets) {
      deployment.provider(model.provider).checkOptions?.(options);
    }
    let leave = (): boolean => false;
    const run = new PreparedRun({
      dependencies: this.#dependencies,
      deployment,
      request: limited === undefined ? request : { ...request, spec },
      limited,
      usualOutput: this.#usualOutput,
      route,
      limitMs,
      onStop: () => {
        if (leave()) this.#count.end();
      },
    });
    for (const warning of [...(request.warnings ?? []), ...warnings]) run.result.warn(warning);
    run.checkMoney();
    run.checkContinuation();
    if (limited !== undefined) await run.reserve(limited);
    leave = this.#running.add(run);
    this.#count.begin();
    await run.acquire(signal);
    return run;
  }
}
