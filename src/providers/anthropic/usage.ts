import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import { reportedCounts, tokenCount, type UsageReport } from "../shared/chat-usage.ts";
import { objectOf } from "../shared/object-of.ts";

const NAMES = [
  "input_tokens",
  "output_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
] as const;

type Name = (typeof NAMES)[number];

/** Model calls beside the message itself, which the message's counts do not include. */
function extraCalls({ iterations }: JsonObject): JsonObject[] {
  if (!Array.isArray(iterations)) return [];
  return iterations.filter(isJsonObject).filter(({ type }) => type === "compaction");
}

/** The sum of a count over the message and its additional calls; undefined: not reported. */
function countOf(usage: JsonObject, name: Name): number | undefined {
  const counts = [usage, ...extraCalls(usage)].flatMap((call) => tokenCount(call[name]) ?? []);
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

/** Usage of one answer, from cumulative reports. */
export interface MessagesUsage {
  /** The last report of each number counts. Zeros, which some servers fill in, replace no number. */
  take(usage: JsonObject): void;
  report(): UsageReport;
}

export function createUsage(): MessagesUsage {
  let seen: JsonObject = {};
  return {
    take(usage) {
      const said = Object.entries(usage).filter(
        ([name, value]) => value !== null && (value !== 0 || seen[name] === undefined),
      );
      seen = { ...seen, ...Object.fromEntries(said) };
    },
    /** The vendor counts cache reads and writes outside the input. */
    report() {
      const fresh = countOf(seen, "input_tokens");
      const read = countOf(seen, "cache_read_input_tokens");
      const write = countOf(seen, "cache_creation_input_tokens");
      const split = objectOf(seen["cache_creation"]);
      const output = objectOf(seen["output_tokens_details"]);
      return reportedCounts({
        inputTokens: fresh === undefined ? undefined : fresh + (read ?? 0) + (write ?? 0),
        outputTokens: countOf(seen, "output_tokens"),
        cacheReadTokens: read,
        cacheWriteTokens: write,
        cacheWriteLongTokens: tokenCount(split["ephemeral_1h_input_tokens"]),
        reasoningTokens: tokenCount(output["thinking_tokens"]),
      });
    },
  };
}
