import { type Dashboard, nameOf, quantiles, rateOf } from "./dashboard.ts";

/** Codes that a caller cannot avoid. */
const FAULTS =
  'rpc_response_status_code=~"UNKNOWN|INTERNAL|UNAVAILABLE|DEADLINE_EXCEEDED|DATA_LOSS"';

/** `KEY` of every replica. */
const perReplica = (expr: string) => [{ expr, legend: "{{instance}} {{worker}}" }];

export const overview: Dashboard = {
  uid: "steer-overview",
  title: "Steer: overview",
  description: "What all replicas do: calls, failures, speed, money, and what they wait for.",
  variables: [],
  rows: [
    {
      title: "Calls",
      panels: [
        {
          title: "Calls by status",
          unit: "reqps",
          queries: [
            {
              expr: rateOf("rpcDuration", { part: "_count", by: "rpc_response_status_code" }),
              legend: "{{rpc_response_status_code}}",
            },
          ],
        },
        {
          title: "Share of calls that the service failed",
          unit: "percentunit",
          description: "Refusals by mistakes of callers, limits and cancels do not count.",
          queries: [
            {
              expr: `(${rateOf("rpcDuration", { part: "_count", selector: FAULTS })} or vector(0)) / ${rateOf("rpcDuration", { part: "_count" })}`,
              legend: "failed",
            },
          ],
        },
        {
          title: "Failures by category",
          unit: "reqps",
          queries: [
            {
              expr: rateOf("rpcDuration", {
                part: "_count",
                by: "error_type",
                selector: 'error_type!=""',
              }),
              legend: "{{error_type}}",
            },
          ],
        },
        {
          title: "Duration of a call",
          unit: "s",
          queries: quantiles("rpcDuration", 0.95, { by: "rpc_method" }),
        },
        {
          title: "Time to the first token",
          unit: "s",
          queries: quantiles("timeToFirstChunk", 0.95),
        },
        {
          title: "Time in the gateway itself",
          unit: "s",
          description: "Of a generation, outside of providers and waits.",
          queries: quantiles("overhead", 0.99),
        },
      ],
    },
    {
      title: "Tokens and money",
      panels: [
        {
          title: "Tokens",
          unit: "cps",
          queries: [
            {
              expr: rateOf("tokenUsage", { part: "_sum", by: "gen_ai_token_type" }),
              legend: "{{gen_ai_token_type}}",
            },
          ],
        },
        {
          title: "Cost an hour",
          unit: "short",
          queries: [
            {
              expr: `3600 * ${rateOf("cost", { by: "steer_cost_currency" })}`,
              legend: "{{steer_cost_currency}}",
            },
          ],
        },
        {
          title: "Attempts for each generation",
          unit: "short",
          description: "Above 1 by retries, failovers and hedges.",
          queries: [
            {
              expr: `${rateOf("attempts", { part: "_sum" })} / ${rateOf("attempts", { part: "_count" })}`,
              legend: "attempts",
            },
          ],
        },
      ],
    },
    {
      title: "Callers, limits and usage",
      panels: [
        {
          title: "Tokens by caller",
          unit: "cps",
          description: "Needs telemetry.caller_labels.",
          queries: [
            {
              expr: rateOf("tokenUsage", { part: "_sum", by: "steer_caller" }),
              legend: "{{steer_caller}}",
            },
          ],
        },
        {
          title: "Spend an hour by caller",
          unit: "short",
          description: "Needs telemetry.caller_labels.",
          queries: [
            {
              expr: `3600 * ${rateOf("cost", { by: "steer_caller, steer_cost_currency" })}`,
              legend: "{{steer_caller}} {{steer_cost_currency}}",
            },
          ],
        },
        {
          title: "Calls that limits refused",
          unit: "reqps",
          queries: [
            { expr: rateOf("limitsRefused", { by: "error_type" }), legend: "{{error_type}}" },
          ],
        },
        {
          title: "Limits that are nearly used up",
          unit: "short",
          description: "In the last hour, of limits with warn_at: each once a window and replica.",
          queries: [
            {
              expr: `sum by (error_type) (increase(${nameOf("limitsNear")}[1h]))`,
              legend: "{{error_type}}",
            },
          ],
        },
        {
          title: "Sums of usage that are not stored yet",
          unit: "s",
          description: "Age of the oldest call that the ledger waits with.",
          queries: perReplica(nameOf("ledgerLag")),
        },
      ],
    },
    {
      title: "State",
      panels: [
        { title: "Streams that run", unit: "short", queries: perReplica(nameOf("streamsActive")) },
        {
          title: "Circuits that are not closed",
          unit: "short",
          queries: [
            {
              expr: `sum by (steer_circuit_state) (${nameOf("circuitState")}{steer_circuit_state!="closed"})`,
              legend: "{{steer_circuit_state}}",
            },
          ],
        },
        {
          title: "Calls that wait for a slot",
          unit: "short",
          queries: [
            {
              expr: `sum by (steer_provider_instance) (${nameOf("queued")})`,
              legend: "{{steer_provider_instance}}",
            },
          ],
        },
        {
          title: "Delay of the event loop, p99",
          unit: "s",
          queries: perReplica(nameOf("eventLoopP99")),
        },
        {
          title: "Delay of the event loop, longest",
          unit: "s",
          queries: perReplica(nameOf("eventLoopMax")),
        },
        {
          title: "Store is away",
          unit: "short",
          description: "1 while calls run without the store.",
          queries: perReplica(`${nameOf("storeDegraded")} or 0 * ${nameOf("streamsActive")}`),
        },
      ],
    },
  ],
};
