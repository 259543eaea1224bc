// Whether a gateway has shrugged at an attack.
import type { Attack, Tally } from "./attack.ts";
import { quantile, type Samples, worst } from "./sampler.ts";

/** Longest answer of `/livez`, by itself and beyond the longest while nothing happened. */
const MAX_LIVEZ_MS = 100;
const MAX_LIVEZ_OVER_QUIET_MS = 50;
/** Unless the attack has its own bar. */
export const MAX_GROWTH_MIB = 64;
/** The other caller's p99, in units of the quiet one, or as `/livez`. */
const MAX_CALL_RATIO = 3;

/** What was seen of one try. */
export interface Seen {
  readonly quiet: Samples;
  readonly attacked: Samples;
  /** Resident memory before it, in MiB, of a gateway that has been in use. */
  readonly baseMiB: number;
  readonly tally: Tally;
  /** What a call of the other caller costs after the attack, in units of what it did before. */
  readonly costRatio: number | undefined;
  /** Defects, errors, or the end of the process. */
  readonly trouble: readonly string[];
  /** `/livez` of a server that does nothing, under the same attack. */
  readonly bareLivezMs: number | undefined;
}

export interface Figures {
  readonly livezQuietMs: number;
  readonly livezMs: number;
  /** Longest answer of a server beside it that is not attacked: the machine's own part. */
  readonly floorMs: number;
  readonly callQuietMs: number;
  readonly callMs: number;
  readonly growthMiB: number;
  readonly costRatio: number | undefined;
}

/** What is wrong: `late` can be the machine's, or a collection that is late, and the next try may tell. */
export interface Verdict {
  readonly figures: Figures;
  readonly late: readonly string[];
  readonly wrong: readonly string[];
}

function figuresOf({ quiet, attacked, baseMiB, costRatio }: Seen): Figures {
  return {
    livezQuietMs: worst(quiet.livez),
    livezMs: worst(attacked.livez),
    floorMs: worst(attacked.floor),
    callQuietMs: quantile(quiet.calls, 0.99),
    callMs: quantile(attacked.calls, 0.99),
    growthMiB: attacked.residentMiB - baseMiB,
    costRatio,
  };
}

const shown = (milliseconds: number): string => `${milliseconds.toFixed(0)} ms`;

/** `slowness` makes the bars of all times longer: a slow machine is no fault of the gateway. */
export function judge(attack: Attack, seen: Seen, slowness: number): Verdict {
  const figures = figuresOf(seen);
  const { livezQuietMs, livezMs, callQuietMs, callMs, growthMiB, costRatio } = figures;
  // What the machine keeps everybody waiting for is not the gateway's.
  const machineMs = Math.max(0, figures.floorMs - worst(seen.quiet.floor));
  const livezBar = Math.max(
    slowness * Math.min(MAX_LIVEZ_MS, livezQuietMs + MAX_LIVEZ_OVER_QUIET_MS) + machineMs,
    (seen.bareLivezMs ?? 0) + slowness * MAX_LIVEZ_OVER_QUIET_MS,
  );
  const callBar = Math.max(MAX_CALL_RATIO * callQuietMs, livezBar);
  const late: string[] = [];
  if (livezMs > livezBar) late.push(`/livez took ${shown(livezMs)}, not ${shown(livezBar)}`);
  if (callMs > callBar) {
    late.push(`the other caller's p99 is ${shown(callMs)}, not ${shown(callBar)}`);
  }
  if (costRatio !== undefined && costRatio > (attack.maxCostRatio ?? Number.POSITIVE_INFINITY)) {
    late.push(`a call costs ${costRatio.toFixed(2)} × what it did, not ${attack.maxCostRatio}`);
  }
  const wrong = [...seen.trouble];
  const { failures } = seen.attacked;
  if (failures.length > 0) wrong.push(`${failures.length} probes failed: ${failures[0]}`);
  const maxGrowth = attack.maxGrowthMiB ?? MAX_GROWTH_MIB;
  if (growthMiB > maxGrowth) {
    late.push(`memory grew by ${growthMiB.toFixed(0)} MiB, not ${maxGrowth}`);
  }
  const ended = attack.wrong?.(seen.tally);
  if (ended !== undefined) wrong.push(ended);
  return { figures, late, wrong };
}
