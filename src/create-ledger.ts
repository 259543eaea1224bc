import type { Clock } from "./clock.ts";
import type { InForce } from "./deployment/reload-steps.ts";
import type { OnDefect } from "./domain/defect.ts";
import type { Log } from "./domain/log-line.ts";
import { Ledger } from "./ledger/ledger.ts";
import type { CallerDirectory } from "./ports/caller-directory.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

export interface LedgerParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly inForce: Pick<InForce, "config" | "deployment">;
  readonly callers: CallerDirectory;
  readonly onDefect: OnDefect;
}

/** The ledger of this process, with what it tells of itself. */
export function createLedger(parts: LedgerParts): Ledger {
  const { clock, log, telemetry, inForce, callers, onDefect } = parts;
  const ledger = new Ledger({
    clock,
    settings: () => inForce.config.accounting.ledger,
    groupOf: (caller) => callers.profile(caller)?.group ?? "",
    isListed: (model) => inForce.deployment.lookup(model).some(({ isUnlisted }) => !isUnlisted),
    onBehind: ({ cause, code }) =>
      log({ event: "ledger behind", cause, ...(code !== "" && { code }) }),
    onCaughtUp: (seconds) => log({ event: "ledger caught up", seconds }),
    onLost: (calls) => log({ event: "ledger lost", calls }),
    onDefect,
  });
  telemetry.observeLedger(() => ledger.lagMs);
  return ledger;
}
