// The part of an attempt in the reservation of its generation.
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { RoutedTarget } from "../domain/route.ts";
import type { AttemptRecord } from "../output/attempt-record.ts";
import type { AttemptNeed, CallReservation } from "../ports/call-limits.ts";
import type { TokenCounter } from "../usage/token-counter.ts";
import type { UsualOutput } from "../usage/usual-output.ts";
import { needOf, tokensOf } from "./attempt-need.ts";

/** The reservation of a generation whose caller has limits. */
export interface Reserved {
  readonly reservation: CallReservation;
  readonly usualOutput: UsualOutput;
}

export class AttemptReservation {
  readonly #reserved: Reserved;
  readonly #counter: TokenCounter;
  readonly #target: RoutedTarget;
  /** Undefined: the attempt is not sent. */
  #need: AttemptNeed | undefined;

  constructor(reserved: Reserved, counter: TokenCounter, target: RoutedTarget) {
    this.#reserved = reserved;
    this.#counter = counter;
    this.#target = target;
  }

  /**
   * Sends the request when the reservation covers it. If the limits refuse a larger reservation, nothing is sent and the
   * iteration throws `GatewayError`.
   */
  open(
    spec: RoutedTarget["spec"],
    send: () => AsyncIterable<ProviderEvent>,
  ): AsyncIterable<ProviderEvent> {
    const { reservation, usualOutput } = this.#reserved;
    this.#need = needOf({ counter: this.#counter, usualOutput }, this.#target, spec);
    const extended = reservation.begin(this.#target.model, this.#need);
    return extended === undefined ? send() : afterwards(extended, send);
  }

  /** The attempt has ended. */
  end({ usage, cost, finish }: Pick<AttemptRecord, "usage" | "cost" | "finish">): void {
    if (this.#need === undefined) return;
    const { reservation, usualOutput } = this.#reserved;
    const picos = usage === undefined ? 0 : cost?.totalPicos;
    reservation.end(this.#need, { tokens: tokensOf(usage), picos });
    if (finish === undefined || usage === undefined) return;
    usualOutput.learn(this.#target.model, usage.outputTokens);
  }
}

async function* afterwards(
  extended: Promise<void>,
  send: () => AsyncIterable<ProviderEvent>,
): AsyncGenerator<ProviderEvent, void> {
  await extended;
  yield* send();
}
