import { StreamPhase } from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import { Badge, type BadgeKind } from "../../parts/badge.tsx";

interface PhaseLook {
  readonly kind: BadgeKind;
  readonly word: string;
}

const LOOKS: Readonly<Partial<Record<StreamPhase, PhaseLook>>> = {
  [StreamPhase.PENDING]: { kind: "busy", word: "pending" },
  [StreamPhase.RUNNING]: { kind: "busy", word: "running" },
  [StreamPhase.ORPHANED]: { kind: "warning", word: "orphaned" },
  [StreamPhase.SUCCEEDED]: { kind: "good", word: "succeeded" },
  [StreamPhase.FAILED]: { kind: "bad", word: "failed" },
  [StreamPhase.CANCELLED]: { kind: "quiet", word: "cancelled" },
};

/** A stream in one of these phases has ended. */
export const ENDED: readonly StreamPhase[] = [
  StreamPhase.SUCCEEDED,
  StreamPhase.FAILED,
  StreamPhase.CANCELLED,
];

/** The phase of a stream. A phase that is newer than this page is shown by its number. */
export function StreamPhaseBadge({ phase }: { phase: StreamPhase }) {
  const { kind, word } = LOOKS[phase] ?? { kind: "quiet", word: `phase ${phase}` };
  return <Badge kind={kind}>{word}</Badge>;
}
