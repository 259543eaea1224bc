// Every property at once: P1 to P11, P14, P16 to P18.
import type { HistoryEntry, Violation } from "../history.ts";
import {
  checkIsolation,
  checkLiveness,
  checkResources,
  checkRetention,
  checkStops,
} from "./check-bounds.ts";
import { checkAgreement, checkSequences, checkTerminals } from "./check-delivery.ts";
import {
  checkDurability,
  checkFences,
  checkLosses,
  checkOrder,
  checkRepetitions,
} from "./check-log.ts";
import { checkPayments } from "./check-payments.ts";
import { checkTexts } from "./check-text.ts";

const SESSION_TTL_MS = 6_000;

export function checkHistory(
  history: readonly HistoryEntry[],
  sessionTtlMs = SESSION_TTL_MS,
): Violation[] {
  return [
    ...checkSequences(history),
    ...checkAgreement(history),
    ...checkTexts(history),
    ...checkTerminals(history),
    ...checkFences(history),
    ...checkOrder(history),
    ...checkDurability(history),
    ...checkLosses(history),
    ...checkRepetitions(history),
    ...checkStops(history),
    ...checkLiveness(history, sessionTtlMs),
    ...checkRetention(history),
    ...checkIsolation(history),
    ...checkResources(history),
    ...checkPayments(history),
  ];
}
