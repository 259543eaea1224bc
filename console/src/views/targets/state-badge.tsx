import { Badge } from "../../parts/badge.tsx";
import { When } from "../../parts/when.tsx";
import type { TargetState } from "./targets.ts";

/** The state of a target, and when it changes by itself. */
export function StateBadge({ state: { kind, word, detail, until } }: { state: TargetState }) {
  return (
    <span title={detail}>
      <Badge kind={kind}>{word}</Badge>
      {until !== undefined && (
        <span class="quiet">
          {" "}
          {word === "circuit open" ? "probe" : "until"} <When at={until} />
        </span>
      )}
    </span>
  );
}
