import { buckets, simple } from "./metric-definition.ts";
import { attribute } from "./names.ts";

const COMMIT_SECONDS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5,
];
const RESUME_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const TAKEOVER_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10, 15, 30, 60];
const BATCH_EVENTS = [1, 2, 4, 8, 16, 32, 64];

const STORE = [attribute.store] as const;

/** Metrics of stored streams. */
export const streamMetrics = {
  streamsCreated: simple(
    "counter",
    ["steer.stream.created", "{stream}", "Streams that were stored."],
    STORE,
  ),
  streamsEnded: simple(
    "counter",
    [
      "steer.stream.terminal",
      "{stream}",
      "Streams that this replica no longer writes, by their end.",
    ],
    [...STORE, attribute.streamPhase],
  ),
  streamsActive: simple(
    "up-down counter",
    ["steer.stream.active", "{stream}", "Streams that this replica writes."],
    STORE,
  ),
  streamsResumed: simple(
    "counter",
    ["steer.stream.resumed", "{call}", "Ended readers that started at a cursor, by result."],
    [...STORE, attribute.result],
  ),
  resumeLatency: buckets(
    ["steer.stream.resume.latency", "s", "Time from a reader's call to its first event."],
    STORE,
    RESUME_SECONDS,
  ),
  readersActive: simple(
    "up-down counter",
    ["steer.stream.reader.active", "{reader}", "Readers of stored streams."],
    STORE,
  ),
  readerFills: simple(
    "counter",
    [
      "steer.stream.reader.fill",
      "{read}",
      "Reads of the store for events that were not pushed, by cause.",
    ],
    [...STORE, attribute.cause],
  ),
  streamsReaped: simple(
    "counter",
    ["steer.stream.reaped", "{stream}", "Streams past their retention that were removed."],
    STORE,
  ),
  writersLost: simple(
    "counter",
    ["steer.stream.writer.lost", "{writer}", "Writers that stopped early, by cause."],
    [...STORE, attribute.cause],
  ),
  storeAppends: simple(
    "counter",
    ["steer.store.append", "{append}", "Appends to the store, by result."],
    [...STORE, attribute.result],
  ),
  appendEvents: buckets(
    ["steer.store.append.batch_events", "{event}", "Events of an append."],
    STORE,
    BATCH_EVENTS,
  ),
  commitDelay: buckets(
    ["steer.store.commit_delay", "s", "Time from an event to the store's acknowledgement."],
    STORE,
    COMMIT_SECONDS,
  ),
  storeDegraded: simple(
    "up-down counter",
    ["steer.store.degraded", "1", "1 while the store is away."],
    STORE,
  ),
  storeHeld: simple(
    "gauge",
    ["steer.store.held", "By", "Memory of this process for stored streams."],
    STORE,
  ),
  takeovers: simple(
    "counter",
    ["steer.takeover", "{stream}", "Streams taken over, by result."],
    [...STORE, attribute.result],
  ),
  takeoverGap: buckets(
    ["steer.takeover.gap", "s", "Time from a lost owner's last event to the takeover."],
    STORE,
    TAKEOVER_SECONDS,
  ),
};
