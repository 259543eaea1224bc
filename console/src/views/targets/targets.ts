// Providers and their models as rows, with their states in words.
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type Circuit,
  CircuitState,
  type ProviderStatus,
  UnavailableReason,
} from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import type { BadgeKind } from "../../parts/badge.tsx";
import { toTime } from "../../parts/formats.ts";
import { wordsOf } from "../../parts/words.ts";

/** A provider as a whole, or one of its models that had traffic. */
export interface Target {
  /** `provider` or `provider/model`. */
  readonly name: string;
  readonly provider: string;
  /** Empty: the provider as a whole. */
  readonly model: string;
  readonly status: ProviderStatus;
  readonly circuit: Circuit | undefined;
}

export interface TargetState {
  readonly kind: BadgeKind;
  readonly word: string;
  /** What operators can do, or why. */
  readonly detail: string;
  /** When the state changes by itself. */
  readonly until: Timestamp | undefined;
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1;

/** Each provider, followed by its models. */
export function targetsOf(providers: Readonly<Record<string, ProviderStatus>>): Target[] {
  return Object.entries(providers)
    .sort(byName)
    .flatMap(([provider, status]) => [
      { name: provider, provider, model: "", status, circuit: status.circuit },
      ...Object.entries(status.modelCircuits)
        .sort(byName)
        .map(([model, circuit]) => ({
          name: `${provider}/${model}`,
          provider,
          model,
          status,
          circuit,
        })),
    ]);
}

const REASON_KINDS: Partial<Record<UnavailableReason, BadgeKind>> = {
  [UnavailableReason.NOT_CONFIGURED]: "quiet",
  [UnavailableReason.DISABLED]: "quiet",
  [UnavailableReason.LIMIT_REACHED]: "warning",
};

function circuitState(circuit: Circuit): TargetState | undefined {
  if (circuit.state === CircuitState.OPEN) {
    const detail = "calls are refused until a probe succeeds";
    return { kind: "bad", word: "circuit open", detail, until: circuit.nextProbeTime };
  }
  if (circuit.state === CircuitState.HALF_OPEN) {
    const detail = "a few calls pass as probes";
    return { kind: "busy", word: "circuit half open", detail, until: undefined };
  }
  return undefined;
}

/** The state of a target; the worst of several. */
export function stateOf({ model, status, circuit }: Target, now = Date.now()): TargetState {
  const { available, reason, message, cooldownEndTime } = status;
  const byCircuit = circuit && circuitState(circuit);
  if (model === "" && !available && reason !== UnavailableReason.CIRCUIT_OPEN) {
    const kind = REASON_KINDS[reason] ?? "bad";
    return { kind, word: wordsOf(UnavailableReason[reason]), detail: message, until: undefined };
  }
  if (byCircuit !== undefined) return byCircuit;
  if ((toTime(cooldownEndTime) ?? 0) > now) {
    const detail = "the provider asked for a pause";
    return { kind: "warning", word: "cooling down", detail, until: cooldownEndTime };
  }
  return { kind: "good", word: "takes calls", detail: "", until: undefined };
}

/** Providers without a key or switched off. */
export function isUnused({ status: { available, reason } }: Target): boolean {
  return !available && REASON_KINDS[reason] === "quiet";
}
