import { Badge } from "../../parts/badge.tsx";
import { toTime } from "../../parts/formats.ts";
import { When } from "../../parts/when.tsx";
import type { TargetState } from "./targets.ts";

/** The state of a target, and when it changes by itself. */
export function StateBadge({ state: { kind, word, detail, until } }: { state: TargetState }) {
  const isProbe = word === "circuit open";
  const isDue = (toTime(until) ?? 0) <= Date.now();
  return (
    <span title={detail}>
      <Badge kind={kind}>{word}</Badge>
      {until !== undefined && (
        <span class="quiet">
          {" "}
          {isProbe && isDue ? (
            "the next call is a probe"
          ) : (
            <>
              {isProbe ? "probe" : "ends"} <When at={until} />
            </>
          )}
        </span>
      )}
    </span>
  );
}
