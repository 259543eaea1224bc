// Limits of callers, as the gateway asks for them: reserve, then settle.
import type { Clock } from "../clock.ts";
import type { CallerLimits } from "../domain/caller-limits.ts";
import type { OnDefect } from "../domain/defect.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { Model } from "../domain/model.ts";
import type { Warning } from "../domain/warning.ts";
import type {
  CallLimits,
  CallReservation,
  LimitedCaller,
  LimitedGeneration,
  UsedAmounts,
} from "../ports/call-limits.ts";
import type { CallerDirectory, CallerGroup } from "../ports/caller-directory.ts";
import type { StoreHealth } from "../store/store-health.ts";
import { limitRefusal, standingOf, standingsOf } from "./limit-refusal.ts";
import {
  type CompiledLimit,
  compileLimits,
  type LimitOwner,
  limitsFor,
  sized,
} from "./limit-rules.ts";
import type { LimitStore } from "./limit-store.ts";
import type { LimitsObserver } from "./limits-observer.ts";
import { LimitsStore, type StoreMode } from "./limits-store.ts";
import { NearLimits } from "./near-limits.ts";
import { SpendPeriods } from "./spend-periods.ts";
import { StoreReservation } from "./store-reservation.ts";

export interface LimitsSettings {
  /** Of callers that have no limits of their own. */
  readonly defaults: CallerLimits | undefined;
  readonly withoutStore: StoreMode;
  /** IANA name of the time zone in which days and months of spending begin. */
  readonly timeZone: string;
}

export interface LimitedCallersOptions {
  readonly clock: Clock;
  readonly directory: CallerDirectory;
  readonly settings: () => LimitsSettings;
  /** Longest wait for the store. */
  readonly storeTimeoutMs: () => number;
  readonly observer: LimitsObserver;
  readonly onDefect: OnDefect;
}

/** The parts that exist once the stores are open. */
export interface LimitsBackend {
  readonly store: LimitStore;
  readonly health: StoreHealth;
  /** Of this process. */
  readonly session: string;
}

/** Limits of a caller and of its group, while neither changes. */
interface CompiledCaller {
  /** Its own limits, and those of its group. */
  readonly of: readonly (CallerLimits | undefined)[];
  /** Undefined: they limit nothing. */
  readonly limited: LimitedCaller | undefined;
}

/** The smallest of those that are set. */
function least(values: readonly (number | undefined)[]): number | undefined {
  const set = values.filter((value) => value !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
}

export class LimitedCallers implements CallLimits {
  readonly #options: LimitedCallersOptions;
  readonly #near: NearLimits;
  readonly #periods: SpendPeriods;
  readonly #compiled = new Map<string, CompiledCaller>();
  #store: LimitsStore | undefined;

  constructor(options: LimitedCallersOptions) {
    this.#options = options;
    this.#near = new NearLimits(options.clock);
    this.#periods = new SpendPeriods(options.clock, () => options.settings().timeZone);
  }

  /** Called once, before the first call. */
  open({ store, health, session }: LimitsBackend): void {
    this.#store = new LimitsStore({ ...this.#options, store, health, session });
  }

  /** Resolves when the last settlement is in the store. */
  async close(): Promise<void> {
    await this.#store?.close();
  }

  of(caller: string): LimitedCaller | undefined {
    const { directory, settings } = this.#options;
    const profile = directory.profile(caller);
    const limits = profile?.limits ?? settings().defaults;
    const group = profile?.group === undefined ? undefined : directory.group(profile.group);
    if (limits === undefined && group?.limits === undefined) return undefined;
    const known = this.#compiled.get(caller);
    const [own, shared] = known?.of ?? [];
    if (known !== undefined && own === limits && shared === group?.limits) return known.limited;
    return this.#compile(caller, limits, group);
  }

  settle(caller: string, generationId: string, used: UsedAmounts): void {
    if (this.of(caller) === undefined) return;
    this.#opened.shared.settle({ generationId, requests: 1, ...used });
  }

  #compile(
    caller: string,
    limits: CallerLimits | undefined,
    group: CallerGroup | undefined,
  ): LimitedCaller | undefined {
    const owners: LimitOwner[] = [];
    if (limits !== undefined) owners.push({ scope: "caller", id: caller, limits });
    if (group?.limits !== undefined) {
      owners.push({ scope: "group", id: group.id, limits: group.limits });
    }
    const limited = this.#limited(caller, owners);
    if (this.#compiled.size >= MOST_COMPILED) this.#compiled.clear();
    this.#compiled.set(caller, { of: [limits, group?.limits], limited });
    return limited;
  }

  #limited(caller: string, owners: readonly LimitOwner[]): LimitedCaller | undefined {
    const own = owners.map(({ limits }) => limits);
    const limits = owners.flatMap(compileLimits);
    const costs = own.flatMap(({ maxCostPerCall }) => maxCostPerCall ?? []);
    const maxOutputTokens = least(own.map((each) => each.maxOutputTokens));
    const maxCostPerCall = costs.sort((a, b) => a.picos - b.picos)[0];
    if (limits.length === 0 && maxOutputTokens === undefined && maxCostPerCall === undefined) {
      return undefined;
    }
    return {
      maxOutputTokens,
      maxCostPerCall,
      needsOutputLimit: limits.some(({ rule }) => rule.unit === "spend"),
      refusesUnpriced: limits.some(
        ({ rule, owner }) => rule.unit === "spend" && owner.limits.allowUnpriced !== true,
      ),
      obstacle: (model) => unpriced(limits, model),
      reserve: (generation) => this.#reserve(caller, limits, generation),
      resume: (generation) => this.#resume(limits, generation),
    };
  }

  async #reserve(
    caller: string,
    limits: readonly CompiledLimit[],
    generation: LimitedGeneration,
  ): Promise<CallReservation> {
    const { generationId, isRequestOnly, model, need, canMove, totalMs, onStandings } = generation;
    if (limits.length === 0) return UNCOUNTED;
    const counted = limitsFor(limits, model, isRequestOnly ? ["requests"] : undefined);
    const periods = this.#periods;
    const rules = counted.map((limit) => sized(limit, need, periods));
    const { observer } = this.#options;
    const store = this.#opened;
    const reserved = store.reserve({ generationId, canMove, totalMs, rules });
    const { answer, place } = reserved instanceof Promise ? await reserved : reserved;
    onStandings?.(standingsOf(standingOf(counted, answer)));
    if (answer.state === "refused") {
      const refusal = limitRefusal(standingOf(counted, answer));
      observer.refused(refusal.reason ?? "");
      throw refusal;
    }
    observer.admitted();
    const warned = counted.some(({ owner }) => owner.limits.warnAt !== undefined);
    const warnings = warned
      ? this.#near.warningsOf(standingOf(counted, answer), ({ text, used, reason }) => {
          observer.nearlyUsed(reason);
          observer.near({ caller, limit: text, used });
        })
      : NO_WARNINGS;
    return new StoreReservation({ generationId, limits, held: need, warnings, periods, place });
  }

  async #resume(
    limits: readonly CompiledLimit[],
    { generationId }: LimitedGeneration,
  ): Promise<CallReservation> {
    if (limits.length === 0) return UNCOUNTED;
    const place = this.#opened.shared;
    const known = await this.#opened.move(generationId);
    // Settled already: nothing is reserved a second time.
    const held = known ?? { tokens: Number.POSITIVE_INFINITY, picos: Number.POSITIVE_INFINITY };
    const [periods, warnings] = [this.#periods, NO_WARNINGS];
    return new StoreReservation({ generationId, limits, held, warnings, periods, place });
  }

  get #opened(): LimitsStore {
    if (this.#store === undefined) throw new Error("limits are asked before their store is open");
    return this.#store;
  }
}

/** Callers whose limits are kept compiled. */
const MOST_COMPILED = 10_000;

const NO_WARNINGS: readonly Warning[] = [];

/** Of a caller whose limits are bounds of each call alone. */
const UNCOUNTED: CallReservation = {
  warnings: NO_WARNINGS,
  begin: () => undefined,
  end: () => {},
  settle: () => {},
  release: () => {},
};

/** A spend limit counts money, so that the price has to be known. */
function unpriced(limits: readonly CompiledLimit[], model: Model): GatewayError | undefined {
  const spend = limits.filter(
    ({ currency, matches, owner }) =>
      currency !== undefined && owner.limits.allowUnpriced !== true && matches?.(model) !== false,
  );
  const currencies = new Set(spend.map(({ currency }) => currency));
  const own = model.pricing?.currency;
  if (spend.length === 0 || currencies.has(own)) return undefined;
  const name = `${model.provider}/${model.id}`;
  const why = own === undefined ? "its price is unknown" : `its price is in ${own}`;
  const message = `a spend limit in ${[...currencies].join(", ")} holds, and of ${name} ${why}`;
  return new GatewayError("budget", message, { reason: "MODEL_UNPRICED" });
}
