import { CircuitBreaker, type CircuitChange } from "../../src/reliability/circuit-breaker.ts";
import {
  DEFAULT_SETTINGS,
  type HealthSettings,
} from "../../src/reliability/reliability-settings.ts";
import { createManualClock } from "./manual-clock.ts";

/** Failures count however close they are, unless a test overrides this. */
export const TEST_HEALTH: HealthSettings = { ...DEFAULT_SETTINGS.health, minSpanMs: 0 };

/** First ejection of `setUpCircuit`: its random value is half of the jitter of a fifth. */
export const FIRST_EJECTION_MS = 9_000;

/** A circuit with a manual clock, with calls that fail or succeed at once. */
export function setUpCircuit(changes: Partial<HealthSettings> = {}, random = 0.5) {
  const clock = { ...createManualClock(), random: () => random };
  const told: CircuitChange[] = [];
  const circuit = new CircuitBreaker(
    clock,
    () => ({ ...TEST_HEALTH, ...changes }),
    (change) => void told.push(change),
  );
  const acquire = (panic = false) => {
    const permit = circuit.tryAcquire(panic);
    if (permit === undefined) throw new Error("no permit");
    return permit;
  };
  const fail = (times: number, weight = 1): void => {
    for (let time = 0; time < times; time++) acquire().fail(weight);
  };
  const succeed = (times: number): void => {
    for (let time = 0; time < times; time++) {
      const permit = acquire();
      permit.succeed();
      permit.release();
    }
  };
  return { clock, circuit, acquire, fail, succeed, told };
}
