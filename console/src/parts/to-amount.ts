import type { Cost } from "@steer-gateway/stubs/steer/v1/usage_pb.js";
import type { Amount } from "./money.ts";

const PICOS = 1_000_000_000_000n;

/** The total of a cost as a list for `MoneyText`; empty if unknown. */
export function toAmount(cost: Cost | undefined): Amount[] {
  if (cost === undefined) return [];
  const { currencyCode, totalPicos } = cost;
  return [{ currencyCode, units: totalPicos / PICOS, picos: totalPicos % PICOS }];
}
