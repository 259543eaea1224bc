import type { AdminScope } from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import { useState } from "preact/hooks";
import { admin } from "../../api.ts";
import { type Failure, toFailure } from "../../failure.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Notice } from "../../parts/notice.tsx";
import { useSession } from "../../use-session.ts";
import type { Target } from "./targets.ts";

export interface ResetCircuitProps {
  readonly target: Target;
  readonly scope: AdminScope;
  /** The replicas, in words. */
  readonly where: string;
  onDone(): void;
  onClose(): void;
}

/** Asks whether a circuit is to be closed, and closes it. */
export function ResetCircuit({ target, scope, where, onDone, onClose }: ResetCircuitProps) {
  const { onFailure } = useSession();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const { provider, model, name } = target;

  async function reset(): Promise<void> {
    setBusy(true);
    try {
      await admin.resetCircuit({ provider, model, scope });
      onDone();
    } catch (error) {
      const failed = toFailure(error);
      onFailure(failed);
      setFailure(failed);
      setBusy(false);
    }
  }

  return (
    <Confirm
      title={`Reset the circuit of ${name}?`}
      action="Reset the circuit"
      isDisabled={isBusy}
      onConfirm={() => void reset()}
      onClose={onClose}
    >
      <p>
        Calls pass again at once, on {where}, and the window of failures is cleared
        {model === "" ? ", of the provider and of all its models" : ""}. If the provider still
        fails, the circuit opens again.
      </p>
      {failure !== undefined && (
        <Notice kind="error" advice={failure.advice}>
          {failure.text}
        </Notice>
      )}
    </Confirm>
  );
}
