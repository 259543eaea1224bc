import { type Dashboard, nameOf, quantiles, rateOf } from "./dashboard.ts";

const INSTANCE = "steer_provider_instance";
const MODEL = "gen_ai_request_model";
const selector = `${INSTANCE}=~"$provider"`;

const byInstance = (expr: string) => [{ expr, legend: `{{${INSTANCE}}}` }];

const gaugeOf = (key: Parameters<typeof nameOf>[0]) =>
  `sum by (${INSTANCE}) (${nameOf(key)}{${selector}})`;

export const target: Dashboard = {
  uid: "steer-target",
  title: "Steer: targets",
  description: "Provider instances and their models: attempts, speed, circuits, limits, money.",
  variables: [
    {
      name: "provider",
      label: "provider instance",
      query: `label_values(${nameOf("inFlight")}, ${INSTANCE})`,
    },
  ],
  rows: [
    {
      title: "Attempts",
      panels: [
        {
          title: "Attempts by model",
          unit: "ops",
          queries: [
            {
              expr: rateOf("operationDuration", {
                part: "_count",
                by: `${INSTANCE}, ${MODEL}`,
                selector,
              }),
              legend: `{{${INSTANCE}}}/{{${MODEL}}}`,
            },
          ],
        },
        {
          title: "Failed attempts by category",
          unit: "ops",
          queries: [
            {
              expr: rateOf("operationDuration", {
                part: "_count",
                by: `${INSTANCE}, error_type`,
                selector: `${selector}, error_type!=""`,
              }),
              legend: `{{${INSTANCE}}} {{error_type}}`,
            },
          ],
        },
        {
          title: "Decisions after failed attempts",
          unit: "ops",
          queries: [
            {
              expr: rateOf("retryDecisions", {
                by: "steer_retry_decision, steer_retry_reason",
                selector,
              }),
              legend: "{{steer_retry_decision}}: {{steer_retry_reason}}",
            },
          ],
        },
        {
          title: "Duration of an attempt",
          unit: "s",
          queries: quantiles("operationDuration", 0.95, { by: MODEL, selector }),
        },
        {
          title: "Waits between attempts",
          unit: "s",
          queries: quantiles("retryDelay", 0.95, { selector }),
        },
        {
          title: "Hedges",
          unit: "ops",
          queries: [
            {
              expr: rateOf("hedges", { by: "steer_hedge_won", selector }),
              legend: "won: {{steer_hedge_won}}",
            },
          ],
        },
      ],
    },
    {
      title: "Speed of output",
      panels: [
        {
          title: "Time to the first token",
          unit: "s",
          queries: quantiles("timeToFirstChunk", 0.95, { by: MODEL, selector }),
        },
        {
          title: "Time between two chunks, mean of a stream",
          unit: "s",
          queries: quantiles("timePerOutputChunk", 0.95, { by: MODEL, selector }),
        },
        {
          title: "Longest gap of a stream",
          unit: "s",
          queries: quantiles("chunkGap", 0.95, { selector: `${selector}, steer_quantile="max"` }),
        },
        {
          title: "Gaps of more than two seconds",
          unit: "ops",
          queries: byInstance(rateOf("stalls", { by: INSTANCE, selector })),
        },
        {
          title: "Chunks a second, median",
          unit: "cps",
          queries: quantiles("chunkRate", 0.95, { selector }),
        },
        {
          title: "Characters a second",
          unit: "cps",
          queries: quantiles("characterRate", 0.95, { selector }),
        },
      ],
    },
    {
      title: "Circuits and limits",
      panels: [
        {
          title: "Circuits that are not closed",
          unit: "short",
          queries: [
            {
              expr: `sum by (${INSTANCE}, steer_model, steer_circuit_state) (${nameOf("circuitState")}{${selector}, steer_circuit_state!="closed"})`,
              legend: `{{${INSTANCE}}}/{{steer_model}} {{steer_circuit_state}}`,
            },
          ],
        },
        {
          title: "Retry budget that is left",
          unit: "percentunit",
          queries: byInstance(`min by (${INSTANCE}) (${nameOf("retryBudget")}{${selector}})`),
        },
        { title: "Attempts that run", unit: "short", queries: byInstance(gaugeOf("inFlight")) },
        {
          title: "Calls that wait for a slot",
          unit: "short",
          queries: byInstance(gaugeOf("queued")),
        },
      ],
    },
    {
      title: "Tokens and money",
      panels: [
        {
          title: "Output tokens by model",
          unit: "cps",
          queries: [
            {
              expr: rateOf("tokenUsage", {
                part: "_sum",
                by: `${INSTANCE}, ${MODEL}`,
                selector: `${selector}, gen_ai_token_type="output"`,
              }),
              legend: `{{${INSTANCE}}}/{{${MODEL}}}`,
            },
          ],
        },
        {
          title: "Cost an hour by model",
          unit: "short",
          queries: [
            {
              expr: `3600 * ${rateOf("cost", { by: `${INSTANCE}, ${MODEL}, steer_cost_currency`, selector })}`,
              legend: `{{${INSTANCE}}}/{{${MODEL}}} {{steer_cost_currency}}`,
            },
          ],
        },
        {
          title: "Counts of tokens that no provider reported",
          unit: "ops",
          queries: [
            {
              expr: rateOf("tokenEstimates", {
                by: "steer_model, steer_token_estimator",
                selector,
              }),
              legend: "{{steer_model}} {{steer_token_estimator}}",
            },
          ],
        },
      ],
    },
  ],
};
