import { type Dashboard, nameOf, quantiles, rateOf } from "./dashboard.ts";

const perReplica = (expr: string) => [{ expr, legend: "{{instance}} {{worker}}" }];

const ratesBy = (key: Parameters<typeof nameOf>[0], label: string) => [
  { expr: rateOf(key, { by: label }), legend: `{{${label}}}` },
];

/** Rates miss the first events of a counter, and these counters rarely have others. */
const SINCE_START = "All since the start of the replicas.";

const totalsBy = (key: Parameters<typeof nameOf>[0], label: string) => [
  { expr: `sum by (${label}) (${nameOf(key)})`, legend: `{{${label}}}` },
];

export const stream: Dashboard = {
  uid: "steer-stream",
  title: "Steer: streams",
  description: "Stored streams: how many run and how they end, readers, the store, takeovers.",
  variables: [],
  rows: [
    {
      title: "Streams",
      panels: [
        {
          title: "Streams that began",
          unit: "ops",
          queries: [{ expr: rateOf("streamsCreated"), legend: "began" }],
        },
        {
          title: "Streams that ended",
          unit: "ops",
          queries: ratesBy("streamsEnded", "steer_stream_phase"),
        },
        { title: "Streams that run", unit: "short", queries: perReplica(nameOf("streamsActive")) },
        { title: "Readers", unit: "short", queries: perReplica(nameOf("readersActive")) },
        {
          title: "Readers with a cursor, by end",
          unit: "ops",
          queries: ratesBy("streamsResumed", "steer_result"),
        },
        {
          title: "From a resumed call to its first event",
          unit: "s",
          queries: quantiles("resumeLatency", 0.99),
        },
        {
          title: "Streams past their retention that were removed",
          unit: "ops",
          queries: [{ expr: rateOf("streamsReaped"), legend: "removed" }],
        },
      ],
    },
    {
      title: "Store",
      panels: [
        {
          title: "From an event to the acknowledgement of the store",
          unit: "s",
          queries: quantiles("commitDelay", 0.99),
        },
        { title: "Appends", unit: "ops", queries: ratesBy("storeAppends", "steer_result") },
        {
          title: "Events of an append",
          unit: "short",
          queries: [
            {
              expr: `${rateOf("appendEvents", { part: "_sum" })} / ${rateOf("appendEvents", { part: "_count" })}`,
              legend: "mean",
            },
          ],
        },
        {
          title: "Reads of the store for what was not pushed",
          unit: "ops",
          queries: ratesBy("readerFills", "steer_cause"),
        },
        {
          title: "Memory that stored streams take",
          unit: "bytes",
          queries: perReplica(nameOf("storeHeld")),
        },
        {
          title: "Store is away",
          unit: "short",
          queries: perReplica(`${nameOf("storeDegraded")} or 0 * ${nameOf("streamsActive")}`),
        },
      ],
    },
    {
      title: "Lost replicas",
      panels: [
        {
          title: "Takeovers",
          unit: "short",
          description: SINCE_START,
          queries: totalsBy("takeovers", "steer_result"),
        },
        {
          title: "From the last event of a lost owner to the takeover",
          unit: "s",
          description: SINCE_START,
          queries: [0.5, 0.95].map((quantile) => ({
            expr: `histogram_quantile(${quantile}, sum by (le) (${nameOf("takeoverGap")}_bucket))`,
            legend: `p${quantile * 100}`,
          })),
        },
        {
          title: "Writers that stopped early",
          unit: "short",
          description: SINCE_START,
          queries: totalsBy("writersLost", "steer_cause"),
        },
      ],
    },
    {
      title: "JSON",
      panels: [
        {
          title: "JSON documents",
          unit: "ops",
          queries: [
            { expr: rateOf("jsonDocuments"), legend: "ended" },
            { expr: rateOf("jsonMalformed"), legend: "never ended" },
          ],
        },
        {
          title: "JSON deltas",
          unit: "ops",
          queries: [{ expr: rateOf("jsonChanges"), legend: "deltas" }],
        },
      ],
    },
  ],
};
