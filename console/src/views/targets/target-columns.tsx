import { CircuitState } from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import { ErrorCategory } from "@steer-gateway/stubs/steer/v1/error_pb.js";
import { formatCount, formatMs, formatShare, toTime, UNKNOWN } from "../../parts/formats.ts";
import type { Column } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import { wordsOf } from "../../parts/words.ts";
import type { Latency } from "./latencies.ts";
import { StateBadge } from "./state-badge.tsx";
import { stateOf, type Target } from "./targets.ts";

/** Values that providers have as a whole. */
const whole = <T,>({ model }: Target, value: T): T | undefined =>
  model === "" ? value : undefined;

const share = (value: number | undefined): string =>
  value === undefined ? "" : formatShare(value);

function LastError({ target: { model, status } }: { target: Target }) {
  const { lastErrorCategory: category, lastErrorMessage: message, lastFailureTime } = status;
  if (model !== "") return null;
  if (category === ErrorCategory.UNSPECIFIED) return <>{UNKNOWN}</>;
  return (
    <div class="last-error" title={message}>
      {wordsOf(ErrorCategory[category])}, <When at={lastFailureTime} />
      {message !== "" && <span class="quiet">: {message}</span>}
    </div>
  );
}

function LatencyText({ latency }: { latency: Latency | undefined }) {
  if (latency?.p50Ms === undefined) return <>{UNKNOWN}</>;
  return (
    <>
      {formatMs(latency.p50Ms)} <span class="quiet">p95</span> {formatMs(latency.p95Ms)}
    </>
  );
}

function inFlight({ model, status: { inFlight: running, concurrencyLimit } }: Target): string {
  if (model !== "") return "";
  const limit = concurrencyLimit === 0 ? "" : ` / ${formatCount(concurrencyLimit)}`;
  return `${formatCount(running)}${limit}`;
}

/** Closed circuits alone are not worth a reset. */
function canReset({ circuit }: Target): boolean {
  return circuit !== undefined && circuit.state !== CircuitState.CLOSED;
}

export function targetColumns(
  latencies: ReadonlyMap<string, Latency>,
  onReset: (target: Target) => void,
): Column<Target>[] {
  const latency = ({ name }: Target): Latency | undefined => latencies.get(name);
  return [
    {
      title: "Target",
      sortBy: ({ name }) => name,
      cell: ({ name, model }) => <span class={model === "" ? "provider" : "model"}>{name}</span>,
    },
    {
      title: "State",
      sortBy: (target) => `${stateOf(target).kind} ${stateOf(target).word}`,
      cell: (target) => (
        <>
          <StateBadge state={stateOf(target)} />{" "}
          {canReset(target) && (
            <button type="button" onClick={() => onReset(target)}>
              Reset<span class="visually-hidden"> the circuit of {target.name}</span>
            </button>
          )}
        </>
      ),
    },
    {
      title: "In flight",
      hint: "calls that run now, and how many are allowed at a time",
      isNumber: true,
      sortBy: ({ status, ...target }) => whole({ status, ...target }, status.inFlight),
      cell: inFlight,
    },
    {
      title: "Queue",
      hint: "calls that wait for a free place",
      isNumber: true,
      sortBy: (target) => whole(target, target.status.queued),
      cell: ({ model, status }) => (model === "" ? formatCount(status.queued) : ""),
    },
    {
      title: "Failing",
      hint: "share of failed calls in the circuit's window",
      isNumber: true,
      sortBy: ({ circuit }) => circuit?.failureRate,
      cell: ({ circuit }) =>
        circuit === undefined || circuit.windowRequests === 0n ? (
          UNKNOWN
        ) : (
          <span title={`${circuit.windowFailures} of ${circuit.windowRequests} calls`}>
            {formatShare(circuit.failureRate)}
          </span>
        ),
    },
    {
      title: "Retry budget",
      hint: "what is left of it",
      isNumber: true,
      sortBy: (target) => whole(target, target.status.retryBudget),
      cell: (target) => share(whole(target, target.status.retryBudget)),
    },
    {
      title: "First token",
      hint: "time to first token, median and 95th percentile, since the beginning of the last hour, all replicas",
      isNumber: true,
      sortBy: (target) => latency(target)?.p50Ms,
      cell: (target) => <LatencyText latency={latency(target)} />,
    },
    {
      title: "Calls",
      hint: "since the start",
      isNumber: true,
      sortBy: (target) => whole(target, target.status.totalRequests),
      cell: ({ model, status }) => (model === "" ? formatCount(status.totalRequests) : ""),
    },
    {
      title: "Last error",
      sortBy: (target) => whole(target, toTime(target.status.lastFailureTime)),
      cell: (target) => <LastError target={target} />,
    },
  ];
}
